// Two Linux guests that exchange messages by memory and doorbells: by the driver, and by vfio-pci.
import { openSync, readSync, closeSync } from 'node:fs';
import t from 'tap';
import { buildGuest } from '../helper/guest-image.js';
import { bindToVfio, doorbellDevice, Guest } from '../helper/guest.js';
import { guests, need } from '../helper/need.js';
import { Serve } from '../helper/serve.js';
import { temp, type Scope } from '../helper/temp.js';
import { until } from '../helper/until.js';

const VECTORS = 4;
const WAYS = {
  driver: { program: 'ivshmem-driver', prepare: 'insmod /root/ivshmem.ko' },
  vfio: { program: 'ivshmem-vfio', prepare: bindToVfio('0000:00:04.0') },
};

for (const [way, { program, prepare }] of Object.entries(WAYS)) {
  t.test(`two guests, by ${way}`, need(...guests), async (t) => {
    await buildGuest();
    const region = await startRegion(t);
    const boot = async (name: string): Promise<Guest> => {
      const guest = await Guest.boot(t, name, { devices: doorbellDevice(region.socket, VECTORS) });
      await guest.do(prepare);
      return guest;
    };
    const [a, b] = await Promise.all([boot('A'), boot('B')]);
    const [idA, idB] = [await idOf(a, program), await idOf(b, program)];
    t.same([idA, idB].sort(), [0, 1]);

    for (let vector = 0; vector < VECTORS; vector++) {
      await b.do(`${program} wait 60000 >/tmp/waited & pid=$!`);
      // Who rings before the other waits rings in vain: that is why it is done until it was heard.
      await a.do(
        `until [ -e /tmp/stop ]; do ${program} ring ${idB} ${vector}; usleep 50000; done & pid=$!`,
      );
      await b.do('wait $pid');
      await a.do('touch /tmp/stop; wait $pid; rm /tmp/stop');
      t.match(await b.do('cat /tmp/waited'), new RegExp(`^vector ${vector}: \\d+\n$`));
    }

    await b.do(`${program} echo 1000 >/tmp/echo & pid=$!`);
    const asked = exchange(await a.do(`${program} ping 1000`));
    const answered = exchange(await b.do('wait $pid; cat /tmp/echo'));
    t.match(asked.first, `message 1 and the next: answered by peer ${idB}`);
    t.equal(asked.sum, '1000 round trips');
    t.equal(answered.sum, '1000 answers');
    for (const interrupts of [...asked.interrupts, ...answered.interrupts]) {
      // A message that is there already when one comes to wait needs no interrupt.
      t.ok(interrupts >= 249, `${interrupts} interrupts of a vector`);
    }

    await t.test(
      'guest B is killed and started again, and A goes on with the new one',
      async (t) => {
        await b.do(`${program} echo >/tmp/echo & pid=$!`);
        await a.do(`${program} ping 5000 >/tmp/ping & pid=$!`);
        const before = await region.askedAbove(region.asked() + 500);
        await b.kill();
        t.ok(before < 1000 + 5000, 'in the middle of it');
        const c = await boot('B again');
        t.equal(await idOf(c, program), 2, 'it is another peer');
        await c.do(`${program} echo >/tmp/echo & pid=$!`);
        const { output } = await a.run('wait $pid; cat /tmp/ping');
        t.match(output, `message 1 and the next: answered by peer ${idB}\n`);
        t.match(output, / and the next: answered by peer 2\n5000 round trips\n/);
        t.same(await c.complaints(), []);

        await a.do(`${program} ping 5000 >/tmp/ping & pid=$!`);
        const middle = await region.askedAbove(region.asked() + 500);
        region.serve.kill('SIGKILL');
        t.ok(middle < region.asked() + 4000, 'the server is killed in the middle');
        t.match(await a.do('wait $pid; cat /tmp/ping'), '\n5000 round trips\n', 'and both finish');
        t.same(await c.complaints(), []);
      },
    );
    t.same(await a.complaints(), []);
  });
}

interface TestRegion {
  readonly socket: string;
  readonly serve: Serve;
  /** The number of the newest question in the memory. */
  asked(): number;
  /** Resolves when it is above that. */
  askedAbove(number: number): Promise<number>;
}

async function startRegion(t: Scope): Promise<TestRegion> {
  const socket = `${temp(t)}/s`;
  const serve = await Serve.start(t, ['--socket', socket, '--vectors', String(VECTORS)]);
  const path = /memory .* at (\S+)/.exec(serve.stdout)?.[1] ?? '';
  const memory = openSync(path, 'r');
  t.teardown(() => {
    closeSync(memory);
  });
  const asked = (): number => {
    const number = Buffer.alloc(4);
    readSync(memory, number, 0, 4, 4096 + 8); // `asked` of `struct exchange`
    return number.readUInt32LE();
  };
  const askedAbove = (number: number): Promise<number> =>
    until('messages', () => (asked() > number ? asked() : undefined));
  return { socket, serve, asked, askedAbove };
}

async function idOf(guest: Guest, program: string): Promise<number> {
  return Number(/peer (\d+), vectors 4/.exec(await guest.do(`${program} info`))?.[1]);
}

/** What `ping` and `echo` print at their end. */
function exchange(text: string): { first: string; sum: string; interrupts: number[] } {
  const lines = text.trimEnd().split('\n');
  const counts = /^interrupts per vector:(.*)$/.exec(lines.at(-1) ?? '')?.[1] ?? '';
  const interrupts = counts.trim().split(' ').map(Number);
  return { first: lines[0] ?? '', sum: lines.at(-2) ?? '', interrupts };
}

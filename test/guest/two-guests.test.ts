// Two Linux guests that exchange messages by memory and doorbells: by the driver, and by vfio-pci.
import { openSync, readSync, closeSync } from 'node:fs';
import t, { type Test } from 'tap';
import { buildGuest } from '../helper/guest-image.js';
import { bindToVfio, doorbellDevice, Guest } from '../helper/guest.js';
import { guests, need } from '../helper/need.js';
import { Serve } from '../helper/serve.js';
import { temp, type Scope } from '../helper/temp.js';
import { until } from '../helper/until.js';

const VECTORS = 4;
const MANY = 5_000;
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
      // A message that is there already when one comes to wait needs no interrupt: a few, on a busy machine.
      t.ok(interrupts >= 225, `${interrupts} interrupts of a vector`);
    }

    await t.test(
      'guest B is killed and started again, then the server is killed, and both go on',
      async (t) => {
        await b.do(`${program} echo >/tmp/echo & pid=$!`);
        await a.do(`${program} ping ${MANY} >/tmp/ping & pid=$!`);
        await region.inTheMiddle(t, () => b.kill());
        const c = await boot('B again');
        t.equal(await idOf(c, program), 2, 'it is another peer');
        await c.do(`${program} echo >/tmp/echo & pid=$!`);
        const { output } = await a.run('wait $pid; cat /tmp/ping');
        t.match(output, `message 1 and the next: answered by peer ${idB}\n`);
        t.match(output, ` and the next: answered by peer 2\n${MANY} round trips\n`);
        await c.do('kill $pid; wait $pid || :');

        await c.do(`${program} echo ${MANY} >/tmp/echo & pid=$!`);
        await a.do(`${program} ping ${MANY} >/tmp/ping & pid=$!`);
        await region.inTheMiddle(t, () => region.serve.end('SIGKILL'));
        t.match(await a.do('wait $pid; cat /tmp/ping'), `\n${MANY} round trips\n`);
        t.match(await c.do('wait $pid; cat /tmp/echo'), `${MANY} answers\n`);
        t.same(await c.complaints(), []);
      },
    );
    t.same(await a.complaints(), []);
  });
}

interface TestRegion {
  readonly socket: string;
  readonly serve: Serve;
  /** Acts while two guests have done some of their next `MANY` round trips, and not all. */
  inTheMiddle(t: Test, act: () => Promise<unknown>): Promise<void>;
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
  const inTheMiddle = async (t: Test, act: () => Promise<unknown>): Promise<void> => {
    const start = asked();
    await until('some messages', () => asked() > start + 500);
    const end = act();
    t.ok(asked() < start + MANY - 500, `at message ${asked() - start}`);
    await end;
  };
  return { socket, serve, inTheMiddle };
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

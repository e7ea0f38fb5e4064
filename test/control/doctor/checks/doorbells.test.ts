// Rule 1: a QEMU loses doorbells when it has no descriptors for them, which our server sees to. One of another
//   user cannot see that: that is how it is done here.
import { chmodSync, copyFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { processDescriptors } from '../../../../native/process-descriptors.js';
import { doorbells } from '../../../../src/control/doctor/checks/doorbells.js';
import { leftBehind } from '../../../../src/control/doctor/checks/left-behind.js';
import { ControlClient } from '../../../../src/control/client.js';
import type { ServerStatus } from '../../../../src/control/status.js';
import { asUser } from '../../../helper/as-user.js';
import { Child } from '../../../helper/child.js';
import { ivshmem, run } from '../../../helper/command.js';
import { configFile } from '../../../helper/config-file.js';
import { found, foundOf } from '../../../helper/doctor.js';
import { Lab } from '../../../helper/lab.js';
import { need } from '../../../helper/need.js';
import { Qemu } from '../../../helper/qemu.js';
import { Serve } from '../../../helper/serve.js';
import { temp } from '../../../helper/temp.js';
import { until } from '../../../helper/until.js';

const NOBODY = 65_534;
const keeperFile = fileURLToPath(new URL('../../../helper/keeper.js', import.meta.url));

/** A peer of ours in a program that is called as QEMU is: see keeper.ts. */
class Keeper {
  readonly #child: Child;
  #said = '';

  constructor(t: Test, socket: string, name = 'qemu-system-x86_64') {
    const program = `${temp(t)}/${name}`;
    copyFileSync(process.execPath, program);
    this.#child = new Child(t, [program, keeperFile, socket]);
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => (this.#said += text));
  }

  get pid(): number {
    return this.#child.pid;
  }

  async do(line: string): Promise<void> {
    const before = this.#said.length;
    this.#child.stdin.write(`${line}\n`);
    await until(`it did ${line}`, () => this.#said.slice(before).includes('done\n'));
  }

  async kill(): Promise<void> {
    this.#child.kill('SIGKILL');
    await this.#child.exit;
  }
}

const second = (socket: string, vectors: number): string[] => [
  ...['-chardev', `socket,path=${socket},id=d`],
  ...['-device', `ivshmem-doorbell,chardev=d,vectors=${vectors}`],
];

t.test('a healthy lab has no finding, whoever comes, goes and stops', need('qemu'), async (t) => {
  const lab = await Lab.start(t, ['--vectors', '3']);
  const other = await Lab.start(t, ['--vectors', '2']);
  const { socket } = lab;
  const qemus = [
    new Qemu(t, { socket, vectors: 3 }),
    new Qemu(t, { socket, vectors: 3, extra: second(other.socket, 2) }),
    new Qemu(t, { socket, vectors: 3, extra: second(socket, 3) }),
    new Qemu(t, { socket, vectors: 1 }),
  ];
  await lab.settled(5);
  await other.settled(1);
  const stopped = new Qemu(t, { socket, vectors: 3 });
  await lab.settled(6);
  stopped.stop();
  const guest = new Keeper(t, socket);
  await until('it joins', async () => (await lab.peers).length === 7);
  const check = async (): Promise<void> => {
    for (const one of [lab, other]) {
      const aboutIt = (subject: string): boolean => subject === `QEMU ${stopped.pid}`;
      const others = async (): Promise<object[]> => {
        const complaints = await found(doorbells, { askStatus: one.status });
        return complaints.filter(({ subject }) => !aboutIt(subject));
      };
      // Who has just been told of somebody may need a moment to read it.
      await until('all have read', async () =>
        (await others()).every((one) => 'severity' in one && one.severity !== 'note'),
      );
      t.strictSame(await others(), []);
    }
  };
  await check();
  await guest.kill();
  await until('it leaves', async () => (await lab.peers).length === 6);
  await check();
  stopped.cont();
  await qemus[0]?.kill();
  await lab.settled(5);
  await check();
});

t.test('a QEMU that had no descriptors for a peer is an error', need('qemu', 'root'), async (t) => {
  const directory = temp(t);
  chmodSync(directory, 0o777);
  const lab = await Lab.start(t, ['--vectors', '2'], { directory, within: asUser(NOBODY) });
  const { socket, status: askStatus } = lab;
  const qemu = new Qemu(t, { socket, vectors: 2 });
  await lab.settled(1);
  await qemu.lives();
  // One number is free; with none it could not poll what it has.
  const numbers = new Set(processDescriptors(qemu.pid)?.map(({ number }) => number));
  let free = 0;
  while (numbers.has(free)) free += 1;
  await run(t, ['prlimit', '--pid', `${qemu.pid}`, `--nofile=${free + 1}:4096`]);
  const fine = new Qemu(t, { socket, vectors: 2 });
  await lab.settled(2);
  t.match(await foundOf(qemu, doorbells, { askStatus }), [
    {
      severity: 'error',
      message: /^it lacks \d doorbells?: vector \d of peer 1 in s.*; what its guest rings there/,
      remedy: /restart this VM/,
    },
  ]);
  t.strictSame(await foundOf(fine, doorbells, { askStatus }), []);
});

t.test('a peer that closed one doorbell lacks that one', async (t) => {
  const lab = await Lab.start(t, ['--vectors', '2']);
  const { socket, status: askStatus } = lab;
  const keeper = new Keeper(t, socket);
  await lab.settled(1);
  const other = new Keeper(t, socket);
  await lab.settled(2);
  await keeper.do('close 1');
  t.match(await foundOf(keeper, doorbells, { askStatus }), [
    { severity: 'error', message: /^it lacks 1 doorbell: vector 0 of peer 1 in s;/ },
  ]);
  t.strictSame(await foundOf(other, doorbells, { askStatus }), []);
  await other.kill();
  await lab.settled(1);
  t.strictSame(await foundOf(keeper, doorbells, { askStatus }), [], 'nobody is there to be rung');
});

t.test('doorbells of a peer that is gone are left over where two have them', async (t) => {
  const lab = await Lab.start(t, ['--vectors', '2']);
  const { socket, status: askStatus } = lab;
  const keepers = [];
  for (let count = 1; count <= 3; count += 1) {
    keepers.push(new Keeper(t, socket));
    await lab.settled(count);
  }
  const [a, b, c] = keepers as [Keeper, Keeper, Keeper];
  for (const one of [a, b]) await one.do('keep');
  await c.kill();
  await lab.settled(2);
  for (const one of [a, b]) {
    t.match(await foundOf(one, doorbells, { askStatus }), [
      { severity: 'warning', message: 'it still has 2 doorbells of peers that are gone' },
    ]);
  }
});

t.test('without a server that answers, that is noted', async (t) => {
  t.match(await found(doorbells), [{ severity: 'note', message: /none answers/ }]);
  const lab = await Lab.start(t);
  await lab.serve.end('SIGKILL');
  // Its front has the socket for a moment longer.
  await until('nobody has it', () =>
    lab.status().then(
      () => false,
      (error: unknown) => (error as NodeJS.ErrnoException).code === 'ECONNREFUSED',
    ),
  );
  t.match(await found(doorbells, { askStatus: lab.status }), [
    { severity: 'note', message: /ECONNREFUSED/, remedy: /start it again/ },
  ]);
});

t.test(
  'a server in another PID namespace is noted, and nobody is blamed',
  need('qemu', 'root'),
  async (t) => {
    const within = ['unshare', '--pid', '--fork', '--kill-child'];
    const {
      socket,
      status: askStatus,
      ...lab
    } = await Lab.start(t, ['--vectors', '2'], { within });
    const qemu = new Qemu(t, { socket, vectors: 2 });
    await until('it joins', async () => (await askStatus()).regions[0]?.peers.length === 1);
    t.match(await found(doorbells, { askStatus }), [
      { severity: 'note', message: /another PID namespace/ },
    ]);
    t.strictSame(await foundOf(qemu, leftBehind, { askStatus }), []);
    t.ok(lab.serve.alive);
  },
);

t.test('a host process may close what it does not need', async (t) => {
  const lab = await Lab.start(t, ['--vectors', '2']);
  const host = new Keeper(t, lab.socket, 'program');
  await lab.settled(1);
  await host.do('close 0');
  t.strictSame(await found(doorbells, { askStatus: lab.status }), []);
});

t.test('doorbells of a VM that is away, and will be back, are not left over', async (t) => {
  const directory = temp(t);
  const [socket, web, control] = ['s', 'web', 'control'].map((name) => `${directory}/${name}`);
  const vms = `vms: { web: { socket: ${web} } }`;
  const file = configFile(t, `regions: { lab: { socket: ${socket}, vectors: 2, ${vms} } }`);
  await Serve.start(t, ['--config', file, '--control', control ?? '']);
  const askStatus = (): Promise<ServerStatus> => new ControlClient(control ?? '').status();
  const settled = (count: number): Promise<unknown> =>
    until(`${count} have read all`, async () => {
      const peers = (await askStatus()).regions[0]?.peers ?? [];
      return peers.length === count && peers.every(({ unread, isBehind }) => !isBehind && !unread);
    });
  const others = [new Keeper(t, socket ?? ''), new Keeper(t, socket ?? '')];
  await settled(2);
  const vm = new Keeper(t, web ?? '');
  await settled(3);
  await vm.kill();
  await settled(2);
  t.ok(others.every(({ pid }) => pid > 0));
  t.strictSame(await found(doorbells, { askStatus }), []);
});

t.test('a QEMU that does not read is not called fine', need('qemu'), async (t) => {
  const lab = await Lab.start(t, ['--vectors', '2']);
  const { socket, status: askStatus } = lab;
  const qemu = new Qemu(t, { socket, vectors: 2 });
  await lab.settled(1);
  qemu.stop();
  new Keeper(t, socket);
  await until('it is blocked', async () => (await lab.peers).some(({ isBlocked }) => isBlocked));
  t.match(await foundOf(qemu, doorbells, { askStatus }), [
    {
      severity: 'warning',
      message:
        /^it has not read \d+ messages? of its server: it is stopped, or hangs; its doorbells/,
      remedy: new RegExp(`kill -CONT ${qemu.pid}`),
    },
  ]);
  qemu.cont();
  await lab.settled(2);
  t.strictSame(await foundOf(qemu, doorbells, { askStatus }), []);
});

t.test(
  'a root that may not look at the server is told so, and of no PID namespace',
  need('root'),
  async (t) => {
    const lab = await Lab.start(t);
    const words = ['doctor', '--json', '--socket', lab.socket, '--control', lab.control];
    const less = ['setpriv', '--bounding-set=-all', '--inh-caps=-all'];
    const { stdout } = await run(t, [...less, ...ivshmem, ...words]);
    const all = JSON.parse(stdout) as { check: string; message: string }[];
    t.match(
      all.filter(({ check }) => check === 'doorbells'),
      [
        {
          severity: 'note',
          message: new RegExp(`may not look at what process ${lab.serve.pid} has open`),
          remedy: /CAP_SYS_PTRACE/,
        },
      ],
    );
  },
);

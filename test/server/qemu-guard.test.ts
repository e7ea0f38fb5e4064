// Programs that pass for QEMUs: a shell under QEMU's name, whose arguments nobody reads.
import { copyFileSync, mkdirSync, readlinkSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { MessageRows } from '../../native/message-batch.js';
import { createSocketPair } from '../../native/unix-socket.js';
import { Membership } from '../../src/protocol/membership.js';
import { Connection } from '../../src/server/connection.js';
import { QemuGuard } from '../../src/server/qemu-guard.js';
import { Slot } from '../../src/server/slot.js';
import { Child } from '../helper/child.js';
import { longCommandLine } from '../helper/long-command-line.js';
import { need } from '../helper/need.js';
import { Region } from '../helper/region.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';

const uid = process.getuid?.() ?? 0;

interface ImpostorOptions {
  readonly name?: string;
  readonly fdLimit?: number;
  readonly args?: readonly string[];
}

/** Resolves with the process's ID when it runs. */
async function impostor(t: Test, options: ImpostorOptions = {}): Promise<Child> {
  const { name = 'qemu-system-x86_64', fdLimit, args = [] } = options;
  const program = `${temp(t)}/${name}`;
  copyFileSync('/bin/sh', program);
  const child = new Child(t, [program, '-c', 'echo ready; read line', ...args], { fdLimit });
  let ready = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (ready += text));
  await until('it runs', () => ready === 'ready\n');
  return child;
}

function connectionOf(t: Test, pid: number): Connection {
  const [socket, other] = createSocketPair();
  const membership = new Membership({ memory: new MessageRows([]), vectors: 1 });
  const events = { onHangUp: () => undefined, onWritable: () => undefined };
  const connection = new Slot(membership).enter(
    (place) => new Connection(socket, { pid, uid: 0, gid: 0 }, place, events),
  );
  t.teardown(() => {
    connection.close();
    connection.slot.leave();
    other.close();
  });
  return connection;
}

t.test('a QEMU that has no room for its welcome is refused with the figures', async (t) => {
  const { pid } = await impostor(t, { fdLimit: 100 });
  const guard = new QemuGuard(4, () => 0);
  t.equal(guard.check(pid, 40), undefined);
  t.match(guard.check(pid, 90), {
    reason: 'qemu-descriptors',
    version: -31,
    message: new RegExp(`QEMU ${pid} may have 100 .* needs 90`),
    remedy: new RegExp(`--pid ${pid} `),
  });
});

t.test('a newcomer is refused while an attached QEMU has no room for it', async (t) => {
  const { pid } = await impostor(t, { fdLimit: 100 });
  const connection = connectionOf(t, pid);
  let due = 40;
  const guard = new QemuGuard(20, () => due);
  guard.add(connection);
  t.equal(guard.check(process.pid, 1000), undefined, 'open, 40 due and 20 more are below 100');
  due = 70;
  t.match(guard.check(process.pid, 1), { reason: 'qemu-descriptors', message: /still to get 70/ });
  due = 0;
  t.equal(guard.check(process.pid, 1), undefined, 'it has read');
  due = 70;
  guard.remove(connection);
  t.equal(guard.check(process.pid, 1), undefined, 'it has left');
});

t.test('a process with two devices needs twice as much', async (t) => {
  const { pid } = await impostor(t, { fdLimit: 100 });
  const guard = new QemuGuard(50, () => 0);
  guard.add(connectionOf(t, pid));
  t.equal(guard.check(process.pid, 1), undefined);
  guard.add(connectionOf(t, pid));
  t.match(guard.check(process.pid, 1), { reason: 'qemu-descriptors', message: /needs 100/ });
});

t.test('who is no QEMU, gone or not to be seen is not looked after', async (t) => {
  const guard = new QemuGuard(4, () => 0);
  const other = await impostor(t, { name: 'bhyve', fdLimit: 100 });
  const gone = await impostor(t, { fdLimit: 100 });
  gone.kill('SIGKILL');
  await gone.exit;
  for (const pid of [other.pid, gone.pid, process.pid, 0]) {
    t.equal(guard.check(pid, 1_000_000), undefined);
    t.equal(guard.checkVectors({ pid, uid }, '/s'), undefined);
  }
});

/** As on a command line: the socket's path, and the device's options. */
function deviceArgs(socket: string, device: string): string[] {
  return [
    '-chardev',
    `socket,path=${socket},id=c`,
    '-device',
    `ivshmem-doorbell,chardev=c${device}`,
  ];
}

t.test('a QEMU with more vectors than the region is refused with the remedy', async (t) => {
  const directory = temp(t);
  const socket = `${directory}/s`;
  mkdirSync(socket); // to compare files, any will do
  const guard = new QemuGuard(4, () => 0);
  const { pid } = await impostor(t, { args: deviceArgs(socket, ',vectors=8') });
  t.match(guard.checkVectors({ pid, uid }, socket), {
    reason: 'vectors',
    version: -22,
    message: new RegExp(`QEMU ${pid} has vectors=8, the region 4`),
    remedy: /vectors=4.*--vectors 8.*--allow-excess-vectors/,
  });
  t.equal(guard.checkVectors({ pid, uid }, directory), undefined, 'it means another socket');
  t.equal(guard.checkVectors({ pid, uid }, `${directory}/none`), undefined);

  guard.add(connectionOf(t, pid));
  t.equal(guard.checkVectors({ pid, uid }, socket), undefined, 'a second device: doubt');
});

t.test('a QEMU with as many vectors, or that does not say, is not refused', async (t) => {
  const socket = temp(t);
  const guard = new QemuGuard(4, () => 0);
  for (const device of ['', ',vectors=4', ',vectors=1', ',vectors=x']) {
    const { pid } = await impostor(t, { args: deviceArgs(socket, device) });
    t.equal(guard.checkVectors({ pid, uid }, socket), undefined, device);
  }
});

t.test(
  'a launcher that tests the socket and becomes a QEMU by exec is looked at again',
  async (t) => {
    const directory = temp(t);
    const program = `${directory}/qemu-system-x86_64`;
    copyFileSync('/bin/sh', program);
    const become = 'read line; exec "$@"';
    const qemu = [program, '-c', 'echo ready; read line', ...deviceArgs(directory, ',vectors=8')];
    const child = new Child(t, ['sh', '-c', become, 'sh', ...qemu]);
    const guard = new QemuGuard(4, () => 0);
    await until('it is a shell', () => readlinkSync(`/proc/${child.pid}/exe`).endsWith('sh'));
    t.equal(guard.checkVectors({ pid: child.pid, uid }, directory), undefined);
    let ready = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (ready += text));
    child.stdin.write('go\n');
    await until('it is a QEMU', () => ready === 'ready\n');
    await sleep(6); // a QEMU takes ten times as long until it connects
    t.match(guard.checkVectors({ pid: child.pid, uid }, directory), { reason: 'vectors' });
  },
);

t.test(
  'a program of the name of a QEMU with a command line of 400 MiB ends no server',
  need('cc'),
  async (t) => {
    const region = await Region.listen(t, { vectors: 1 });
    for (let count = 1; count <= 3; count += 1) {
      const child = new Child(t, longCommandLine(t, region.socket, 400));
      let said = '';
      child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
      await until(`it is told something ${child.stderr}`, () => said !== '');
      t.equal(said, '0\n', 'doubt is no reason to refuse');
      t.equal(region.joins, count);
    }
  },
);

t.test('the QEMU that a wrapper starts is guarded like any other', async (t) => {
  for (const name of ['.qemu-system-x86_64-wrapped', 'qemu-system-x86_64-microvm']) {
    const { pid } = await impostor(t, { name, fdLimit: 100 });
    t.match(new QemuGuard(4, () => 0).check(pid, 90), { reason: 'qemu-descriptors' }, name);
  }
});

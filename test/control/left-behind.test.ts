// A server that is killed leaves its front for a moment: the next start is not in its way, and takes nobody's socket.
import { rmSync } from 'node:fs';
import { createServer } from 'node:net';
import t, { type Test } from 'tap';
import { Controlled } from '../helper/control.js';
import { isRunning, isStopped } from '../helper/look.js';
import { need } from '../helper/need.js';
import { Serve } from '../helper/serve.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';

t.test('a server that was killed can be started again at once, each time', async (t) => {
  const directory = temp(t);
  const args = ['--socket', `${directory}/s`, '--control', `${directory}/c`];
  for (let n = 0; n < 12; n += 1) await (await Serve.start(t, args)).end('SIGKILL');
  t.pass('no start failed');
});

async function startAfterStoppedFront(t: Test, args: readonly string[]): Promise<void> {
  const lab = await Controlled.start(t, args);
  const front = lab.frontPid;
  await lab.client.status();
  process.kill(front, 'SIGSTOP');
  await until('it stands still', () => isStopped(front));
  await lab.serve.end('SIGKILL');
  const next = await Serve.start(t, ['--socket', lab.socket, '--control', lab.control]);
  t.equal((await lab.client.status()).pid, next.pid);
  t.notOk(isRunning(front));
}

t.test('even when its front was stopped', (t) => startAfterStoppedFront(t, []));

t.test('even when that had become another user', need('root'), (t) =>
  startAfterStoppedFront(t, ['--user', 'nobody']),
);

t.test('the socket of a living server is left to it, even without its lock', async (t) => {
  const lab = await Controlled.start(t);
  rmSync(`${lab.control}.lock`);
  const socket = `${temp(t)}/s`;
  const { code, stderr } = await Serve.fail(t, ['--socket', socket, '--control', lab.control]);
  t.equal(code, 1);
  t.match(stderr, /ERR_IVSHMEM_SOCKET_IN_USE.*some other program serves on/);
  t.equal((await lab.client.status()).pid, lab.serve.pid);
});

t.test("another program's is, too", async (t) => {
  const directory = temp(t);
  const control = `${directory}/c`;
  const other = createServer((socket) => socket.on('error', () => undefined).end('here')).listen(
    control,
  );
  t.teardown(() => other.close());
  const { code, stderr } = await Serve.fail(t, [
    '--socket',
    `${directory}/s`,
    '--control',
    control,
  ]);
  t.equal(code, 1);
  t.match(stderr, /ERR_IVSHMEM_SOCKET_IN_USE.*some other program serves on/);
  t.ok(other.listening);
});

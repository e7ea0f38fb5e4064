// How a server ends: the first signal is a request, a later one an order.
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
} from 'node:fs';
import t from 'tap';
import { asUser } from '../helper/as-user.js';
import { Child } from '../helper/child.js';
import { ivshmem } from '../helper/command.js';
import { Datagrams } from '../helper/datagrams.js';
import { need } from '../helper/need.js';
import { Serve } from '../helper/serve.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';
import { stall } from './stalled-peer.js';

for (const signal of ['SIGTERM', 'SIGINT'] as const) {
  t.test(`${signal} ends the server with 0, and nothing of it is left`, async (t) => {
    const directory = temp(t);
    const socket = `${directory}/s`;
    const serve = await Serve.start(t, ['--socket', socket, '--pid-file', `${directory}/pid`]);
    await SocketPeer.join(t, socket, { vectors: 1 });
    t.equal((await serve.end(signal)).code, 0);
    t.same(readdirSync(directory), []);
    t.match(serve.logged('stop'), [{ signal }]);
    t.notMatch(serve.logged('end')[0]?.msg, 'stays');
  });
}

t.test('a signal while the server starts leaves nothing either', async (t) => {
  const directory = temp(t);
  const args = ['--socket', `${directory}/s`, '--pid-file', `${directory}/pid`];
  const child = new Child(t, [...ivshmem, 'serve', ...args]);
  while (readdirSync(directory).length === 0) await new Promise((resolve) => setImmediate(resolve));
  child.kill('SIGTERM');
  t.equal((await child.exit).code, 0);
  t.same(readdirSync(directory), []);
});

const shmName = `ivshmem-test-run-${process.pid}`;
const directory = temp(t);
t.teardown(() => rmSync(`/dev/shm/${shmName}`, { force: true }));

t.test('a stop while memory is allocated ends the start', need('unix-dgram'), async (t) => {
  const directory = temp(t);
  const path = (name: string): string => `${directory}/${name}`;
  const manager = new Datagrams(t);
  const sockets = ['--socket', path('s'), '--control', path('c'), '--pid-file', path('pid')];
  const args = [...sockets, '--size', '1G', '--shm-name', shmName, '--ready-fd', '3'];
  const child = new Child(t, [...ivshmem, 'serve', ...args], {
    ready: true,
    env: { ...process.env, NOTIFY_SOCKET: manager.address },
  });
  let said = '';
  for (const stream of [child.stdout, child.ready])
    stream.on('data', (text: Buffer) => (said += text.toString()));
  await until('there is a part of it', () => existsSync(`/dev/shm/${shmName}`));
  child.kill('SIGTERM');
  child.kill('SIGINT');
  const { code, stderr } = await child.exit;
  t.equal(code, 0);
  t.match(stderr, /^\{[^\n]*"event":"stop","signal":"SIG(TERM|INT)"[^\n]*\}\n$/, 'one line');
  t.equal(said, '', 'no banner, and not ready');
  t.same(manager.all, []);
  t.same(readdirSync(directory), []);
  t.notOk(existsSync(`/dev/shm/${shmName}`));
});

t.test('so does one while the front of the control socket is loaded', async (t) => {
  const directory = temp(t);
  const sockets = ['--socket', `${directory}/s`, '--control', `${directory}/c`];
  const child = new Child(t, [...ivshmem, 'serve', ...sockets]);
  const children = `/proc/${child.pid}/task/${child.pid}/children`;
  const front = await until('it is there', () => Number(readFileSync(children, 'latin1')) || false);
  process.kill(front, 'SIGSTOP');
  child.kill('SIGTERM');
  t.match(await child.exit, { code: 0, stderr: /SIGTERM: it ends before it has served anybody/ });
  t.same(readdirSync(directory), []);
});

for (const [kind, name, path] of [
  ['--shm-name', shmName, `/dev/shm/${shmName}`],
  ['--mem-path', `${directory}/memory`, `${directory}/memory`],
] as const) {
  t.test(`the memory of ${kind} stays at the end, and the log says so`, async (t) => {
    const args = ['--socket', `${directory}/s`, kind, name, '--size', '2M'];
    const serve = await Serve.start(t, args);
    t.equal((await serve.end('SIGTERM')).code, 0);
    t.equal(statSync(path).size, 2_097_152);
    t.match(serve.logged('end')[0]?.msg, `${path} stays: remove it when no VM needs it`);
    t.notOk(existsSync(`${path}.lock`));
  });
}

t.test('two signals at once, as under npm, are one request', async (t) => {
  const socket = `${temp(t)}/s`;
  const serve = await Serve.start(t, ['--socket', socket, '--vectors', '512']);
  const stalled = await stall(t, serve, socket);
  serve.kill('SIGINT');
  serve.kill('SIGTERM');
  await until('the server was told', () => serve.logged('stop').length > 0);
  stalled.close();
  t.equal((await serve.exit).code, 0);
  t.equal(serve.logged('stop').length, 1);
});

t.test('a later signal ends a server at once that a stopped peer holds up', async (t) => {
  const directory = temp(t);
  const [socket, pidFile] = [`${directory}/s`, `${directory}/pid`];
  const args = ['--socket', socket, '--vectors', '512', '--pid-file', pidFile];
  const serve = await Serve.start(t, args);
  await stall(t, serve, socket);
  await until('a signal is an order', () => {
    // One that comes when Node has put its handlers away would kill it.
    const hasEnded = serve.logged('end').length > 0 || !serve.alive;
    if (!hasEnded) serve.kill('SIGTERM');
    return hasEnded;
  });
  t.equal((await serve.exit).code, 1);
  t.same(readdirSync(directory), [], 'all the same nothing is left');
  t.equal(serve.logged('stop').length, 1);
});

t.test('what cannot be put away is told, and the rest is', need('root'), async (t) => {
  const directory = temp(t);
  const made = ['s', 'pid', 'run'].map((name) => `${directory}/${name}`);
  const [socket, pidFile, run] = made;
  mkdirSync(run!);
  chownSync(directory, 65_534, 65_534);
  chownSync(run!, 65_534, 65_534);
  const args = ['--socket', `${run}/s`, '--pid-file', pidFile!];
  const child = new Child(t, [...asUser(65_534), ...ivshmem, 'serve', ...args]);
  await until('it serves', () => child.stderr.includes('"listening"'));
  chownSync(run!, 0, 0);
  child.kill('SIGTERM');
  const { code, stderr } = await child.exit;
  t.equal(code, 1);
  t.match(stderr, /"event":"failed","code":"EACCES"/);
  t.notOk(existsSync(pidFile!));
  t.notOk(existsSync(socket!));
});

t.test('what cannot be put away is told once, be it by order', need('root'), async (t) => {
  const directory = temp(t);
  chmodSync(directory, 0o755);
  const run = `${directory}/run`;
  mkdirSync(run);
  chownSync(run, 65_534, 65_534);
  const args = ['--socket', `${run}/s`, '--vectors', '512'];
  const serve = await Serve.start(t, args, { within: asUser(65_534) });
  await stall(t, serve, `${run}/s`);
  chownSync(run, 0, 0);
  await until('a signal is an order', () => {
    const hasFailed = serve.logged('failed').length > 0 || !serve.alive;
    if (!hasFailed) serve.kill('SIGTERM');
    return hasFailed;
  });
  t.equal((await serve.exit).code, 1);
  t.match(serve.logged('failed'), [{ code: 'EACCES' }]);
  t.notMatch(serve.stderr, /^[^{]/m, 'each line is one of the log');
});

t.test('a peer that never reads holds up the end for a while only', async (t) => {
  const directory = temp(t);
  const socket = `${directory}/s`;
  const serve = await Serve.start(t, ['--socket', socket, '--vectors', '512']);
  await stall(t, serve, socket);
  t.equal((await serve.end('SIGTERM')).code, 0);
  t.match(serve.logged('warning'), [{ code: 'unread', msg: /^1 peers/ }]);
  t.same(readdirSync(directory), []);
});

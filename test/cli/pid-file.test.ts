// The pid file, as scripts see it: complete when the server is ready, gone when it is gone.
import { execFileSync } from 'node:child_process';
import {
  closeSync,
  constants,
  existsSync,
  openSync,
  readdirSync,
  readFileSync,
  readSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import t from 'tap';
import { forEach } from '../helper/command.js';
import { Serve } from '../helper/serve.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';
import { stall } from './stalled-peer.js';

t.test('the pid file is complete when the server is ready, whoever was in it', async (t) => {
  const directory = temp(t);
  const pidFile = `${directory}/pid`;
  writeFileSync(pidFile, '123456789\n');
  const serve = await Serve.start(t, ['--socket', `${directory}/s`, '--pid-file', pidFile]);
  t.equal(readFileSync(pidFile, 'latin1'), `${serve.pid}\n`);
  t.equal((await serve.end('SIGTERM')).code, 0);
  t.same(readdirSync(directory), []);
});

t.test('a pipe may be the pid file, and does not hold up the end', async (t) => {
  const directory = temp(t);
  const pidFile = `${directory}/pipe`;
  execFileSync('mkfifo', [pidFile]);
  const pipe = openSync(pidFile, constants.O_RDWR | constants.O_NONBLOCK);
  t.teardown(() => {
    closeSync(pipe);
  });
  const serve = await Serve.start(t, ['--socket', `${directory}/s`, '--pid-file', pidFile]);
  const bytes = Buffer.alloc(32);
  t.equal(bytes.toString('latin1', 0, readSync(pipe, bytes)), `${serve.pid}\n`);
  t.equal((await serve.end('SIGTERM')).code, 0);
  t.same(readdirSync(directory), ['pipe']);
});

t.test('what is no pid file is not overwritten, the memory least of all', async (t) => {
  const directory = temp(t);
  const [socket, file, memory] = ['s', 'file', 'memory'].map((name) => `${directory}/${name}`);
  writeFileSync(file!, 'a life of work');
  const refused = await Serve.fail(t, ['--socket', socket!, '--pid-file', file!]);
  t.match(refused, { code: 1, stderr: /is no pid file, and is left as it is/ });
  t.equal(readFileSync(file!, 'latin1'), 'a life of work');
  const args = ['--socket', socket!, '--mem-path', memory!, '--size', '1M', '--pid-file', memory!];
  t.match(await Serve.fail(t, args), { code: 1, stderr: /is no pid file/ });
  t.same(readdirSync(directory).sort(), ['file', 'memory'], 'a fresh memory stays, as any');
  t.equal(statSync(memory!).size, 2 ** 20);
});

t.test('the pid file is removed after the socket, when the server ends', async (t) => {
  const directory = temp(t);
  const [socket, pidFile] = [`${directory}/s`, `${directory}/pid`];
  const args = ['--socket', socket, '--pid-file', pidFile, '--vectors', '512'];
  const serve = await Serve.start(t, args);
  const stalled = await stall(t, serve, socket);
  serve.kill('SIGTERM');
  await until('the socket is gone', () => !existsSync(socket));
  t.ok(serve.alive);
  t.ok(existsSync(pidFile));
  stalled.close();
  t.equal((await serve.exit).code, 0);
  t.same(readdirSync(directory), []);
});

t.test("a pid file with somebody else's ID is not removed", async (t) => {
  const directory = temp(t);
  const pidFile = `${directory}/pid`;
  const serve = await Serve.start(t, ['--socket', `${directory}/s`, '--pid-file', pidFile]);
  writeFileSync(pidFile, '1\n');
  t.equal((await serve.end('SIGTERM')).code, 0);
  t.equal(readFileSync(pidFile, 'latin1'), '1\n');
});

t.test('a full disk under the pid file is a warning, and the server goes on', async (t) => {
  const directory = temp(t);
  const [socket, pidFile] = [`${directory}/s`, `${directory}/pid`];
  symlinkSync('/dev/full', pidFile);
  const serve = await Serve.start(t, ['--socket', socket, '--pid-file', pidFile]);
  const warning = { level: 'warn', code: 'ENOSPC', path: pidFile, msg: /^no pid file: ENOSPC/ };
  t.match(serve.logged('pid-file'), [warning]);
  const peer = await SocketPeer.join(t, socket, { vectors: 1 });
  t.equal(peer.id, 0);
  t.equal((await serve.end('SIGTERM')).code, 0);
  t.same(readdirSync(directory), ['pid'], 'a device is not removed');
});

t.test('a pid file that cannot be is found out before anything is made', async (t) => {
  const directory = temp(t);
  const shmName = `ivshmem-test-pid-${process.pid}`;
  const paths = [
    [`${directory}/missing/pid`, 'ENOENT'],
    [directory, 'EISDIR'],
    ['', 'ENOENT'],
  ] as const;
  await forEach(paths, async ([pidFile, reason]) => {
    const args = ['--socket', `${directory}/s`, '--shm-name', shmName, '--pid-file', pidFile];
    const { code, stderr } = await Serve.fail(t, args);
    t.equal(code, 1);
    t.match(JSON.parse(stderr), { event: 'failed', code: reason });
  });
  t.same(readdirSync(directory), []);
  t.notOk(existsSync(`/dev/shm/${shmName}`));
});

t.test("a server that fails leaves a living one's pid file alone", async (t) => {
  const directory = temp(t);
  const pidFile = `${directory}/pid`;
  const args = ['--socket', `${directory}/s`, '--pid-file', pidFile];
  const first = await Serve.start(t, args);
  t.equal((await Serve.fail(t, args)).code, 1);
  t.equal(readFileSync(pidFile, 'latin1'), `${first.pid}\n`);
});

// `ivshmem serve` where the system does not allow it as it is: exit code 1, one line with path and
// reason, and nothing is left behind or touched.
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { asUser } from '../helper/as-user.js';
import { forEach, ivshmem, run } from '../helper/command.js';
import { need } from '../helper/need.js';
import { Serve, type LogLine } from '../helper/serve.js';
import { temp } from '../helper/temp.js';

const shmName = `ivshmem-test-serve-${process.pid}`;

async function failure(t: Test, args: readonly string[]): Promise<LogLine> {
  const { code, stderr } = await Serve.fail(t, args);
  t.equal(code, 1, args.join(' '));
  t.match(stderr, /^{.*}\n$/, 'one line');
  const line = JSON.parse(stderr) as LogLine;
  t.match(line, { level: 'error', event: 'failed' });
  return line;
}

t.test('a memory larger than the room there is fails with the room', async (t) => {
  const directory = temp(t);
  const memories = [
    [],
    ['--shm-name', shmName],
    ['--mem-path', `${directory}/memory`],
    ['--mem-path', directory],
    ['--hugepages', '2M'],
    ['--hugepages', '1G'],
  ];
  await forEach(memories.entries(), async ([n, memory]) => {
    const args = ['--socket', `${directory}/s${n}`, '--size', '4096T', ...memory];
    const line = await failure(t, [...args, '--pid-file', `${directory}/pid`]);
    t.equal(line['code'], 'ERR_IVSHMEM_NO_ROOM');
    t.match(line.msg, /^4096T do not fit: .* has room for \d+[MGT]?$/);
  });
  t.same(readdirSync(directory), []);
  t.same(shmFiles(), []);
});

t.test('a memory without the label that is asked for is refused with what is there', async (t) => {
  const directory = temp(t);
  const args = ['--socket', `${directory}/s`, '--mem-path', `${directory}/memory`];
  await (await Serve.start(t, args)).end('SIGTERM');
  const line = await failure(t, [...args, '--label', 'lab']);
  t.match(line, { code: 'ERR_IVSHMEM_MEMORY_LABEL', path: `${directory}/memory` });
  t.match(line.msg, /memory exists with no label, not the label 'lab' and vectors 1, and is left/);
  t.same(readdirSync(directory), ['memory']);
  t.ok(readFileSync(`${directory}/memory`).every((byte) => byte === 0));
});

t.test('a restart with the same label goes on with what is there', async (t) => {
  const directory = temp(t);
  const memory = ['--mem-path', `${directory}/memory`, '--label', 'blue lab'];
  for (const isAdopted of [false, true]) {
    const serve = await Serve.start(t, ['--socket', `${directory}/s`, ...memory]);
    t.match(serve.logged('listening'), [{ isAdopted, label: 'blue lab' }]);
    await serve.end(isAdopted ? 'SIGTERM' : 'SIGKILL');
  }
});

t.test('a label does not stay where the socket cannot be', async (t) => {
  const directory = temp(t);
  const memory = ['--mem-path', `${directory}/memory`, '--label', 'lab'];
  writeFileSync(`${directory}/file`, '');
  const line = await failure(t, ['--socket', `${directory}/file`, ...memory]);
  t.match(line, { code: 'ERR_IVSHMEM_NOT_A_SOCKET' });
  t.same(readdirSync(directory), ['file']);
});

t.test('a socket path of 107 bytes is served, one of 108 is not', async (t) => {
  const directory = temp(t);
  const longest = `${directory}/${'s'.repeat(106 - directory.length)}`;
  const serve = await Serve.start(t, ['--socket', longest]);
  t.match(serve.logged('warning'), [{ code: 'host-socket', msg: `${longest}.host` }]);
  t.match(serve.stdout, /^ {2}host {5}none/m, 'where none can be there is none');
  const line = await failure(t, ['--socket', `${longest}s`, '--shm-name', shmName]);
  t.match(line, { code: 'ENAMETOOLONG', path: `${longest}s` });
  t.notOk(existsSync(`${longest}s.lock`));
  t.same(shmFiles(), []);
});

t.test('the socket for host commands is beside the other, or where it is to be', async (t) => {
  const directory = temp(t);
  const beside = await Serve.start(t, ['--socket', `${directory}/a`]);
  t.same(readdirSync(directory).sort(), ['a', 'a.host', 'a.host.lock', 'a.lock']);
  t.same(beside.logged('warning'), []);
  await beside.end('SIGTERM');
  const args = ['--socket', `${directory}/a`, '--host-socket'];
  const given = await Serve.start(t, [...args, `${directory}/b`]);
  t.same(readdirSync(directory).sort(), ['a', 'a.lock', 'b', 'b.lock']);
  await given.end('SIGTERM');
  t.same(readdirSync(directory), []);
  const tooLong = `${directory}/${'h'.repeat(107 - directory.length)}`;
  t.match(await failure(t, [...args, tooLong]), { code: 'ENAMETOOLONG', path: tooLong });
  t.same(readdirSync(directory), []);
});

t.test('a socket where none can be fails with path and reason', async (t) => {
  const directory = temp(t);
  writeFileSync(`${directory}/file`, 'precious');
  mkdirSync(`${directory}/directory`);
  const paths = [
    ['missing/s', 'ENOENT'],
    ['file/s', 'ENOTDIR'],
    ['file', 'ERR_IVSHMEM_NOT_A_SOCKET'],
    ['directory', 'ERR_IVSHMEM_NOT_A_SOCKET'],
  ] as const;
  await forEach(paths.entries(), async ([n, [name, code]]) => {
    const socket = `${directory}/${name}`;
    const line = await failure(t, ['--socket', socket, '--shm-name', `${shmName}-${n}`]);
    t.match(line, { code, path: socket });
    t.match(line.msg, socket);
  });
  t.equal(readFileSync(`${directory}/file`, 'latin1'), 'precious');
  t.same(readdirSync(directory).sort(), ['directory', 'file']);
  t.same(shmFiles(), []);
});

t.test('a read-only file system is told with what a unit lacks', need('root'), async (t) => {
  const directory = temp(t);
  // As a unit with ProtectSystem= sees it, and it alone.
  const readOnly = 'mount -t tmpfs -o ro none "$0" && exec "$@"';
  const alone = ['unshare', '-m', 'sh', '-c', readOnly, directory];
  for (const args of [
    ['--socket', `${directory}/s`],
    ['--socket', `${temp(t)}/s`, '--mem-path', `${directory}/memory`],
  ]) {
    const { code, stderr } = await run(t, [...alone, ...ivshmem, 'serve', ...args]);
    t.equal(code, 1);
    t.match(stderr, `EROFS: read-only file system, open '${directory}/`);
    t.match(stderr, `allow ReadWritePaths=${directory} there, or start the socket unit`);
  }
});

t.test('a socket in an unwritable directory fails with the path', need('root'), async (t) => {
  const directory = temp(t);
  chmodSync(directory, 0o755);
  const socket = `${directory}/s`;
  const { code, stderr } = await run(t, [
    ...asUser(65_534),
    ...ivshmem,
    'serve',
    '--socket',
    socket,
  ]);
  t.equal(code, 1);
  t.match(JSON.parse(stderr), { code: 'EACCES', path: socket });
  t.same(readdirSync(directory), []);
});

t.test('a socket on which some other program serves is left to it', async (t) => {
  const socket = `${temp(t)}/s`;
  const other = createServer((connection) => connection.destroy()).listen(socket);
  await once(other, 'listening');
  t.teardown(() => other.close());
  const line = await failure(t, ['--socket', socket]);
  t.match(line, { code: 'ERR_IVSHMEM_SOCKET_IN_USE', path: socket });
  t.match(line.msg, /another socket/);
  t.ok(existsSync(socket));
  t.notOk(existsSync(`${socket}.lock`));
});

t.test('a second server on a living socket fails with the first one named', async (t) => {
  const socket = `${temp(t)}/s`;
  const first = await Serve.start(t, ['--socket', socket]);
  const log = first.stderr;
  const line = await failure(t, ['--socket', socket]);
  t.match(line, { code: 'ERR_IVSHMEM_SOCKET_IN_USE', path: socket });
  t.match(line.msg, `process ${first.pid}`);
  t.equal(first.stderr, log, 'which does not notice');
  t.equal((await first.end('SIGTERM')).code, 0);
});

t.test('the last of a repeated option counts', async (t) => {
  const args = ['--size', '2M', '--vectors', '2', '--size', '8M', '--vectors', '3'];
  const serve = await Serve.start(t, ['--socket', `${temp(t)}/s`, ...args]);
  t.match(serve.logged('listening'), [{ sizeBytes: 8_388_608, vectors: 3 }]);
});

function shmFiles(): string[] {
  return readdirSync('/dev/shm').filter((name) => name.startsWith(shmName));
}

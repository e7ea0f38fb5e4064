// `ivshmem-server` without -F: a daemon that scripts can rely on.
import { existsSync, readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import t, { type Test } from 'tap';
import { connectSocket } from '../../native/unix-socket.js';
import { Child } from '../helper/child.js';
import { forEach, ivshmemServer, run } from '../helper/command.js';
import { DaemonProcess } from '../helper/daemon-process.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { until } from '../helper/until.js';

async function started(t: Test, flags: readonly string[] = [], before: readonly string[] = []) {
  const daemon = new DaemonProcess(t);
  const { code, stdout, stderr } = await daemon.start(flags, before);
  t.same({ code, stdout, stderr }, { code: 0, stdout: '', stderr: '' });
  return daemon;
}

/** Where a descriptor leads; nowhere when it is gone by now: a server that has just come up rehearses. */
function targetOf(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

t.test('when the command ends with 0, the socket accepts connections', async (t) => {
  const { socket, pid } = await started(t);
  const connection = connectSocket(socket);
  t.ok(connection);
  connection?.close();
  t.ok(existsSync(`/proc/${pid}`), 'and the pid file is there');
});

t.test('a daemon has nothing of its caller: streams, descriptors, session', async (t) => {
  // That `started` returned means that nobody has the streams any more.
  const daemon = await started(t, [], ['sh', '-c', 'exec "$@" 9>/dev/zero', 'sh']);
  const fds = `/proc/${daemon.pid}/fd`;
  t.equal(readlinkSync(`${fds}/0`), '/dev/null');
  t.equal(readlinkSync(`${fds}/1`), '/dev/null');
  const targets = readdirSync(fds).map((fd) => targetOf(`${fds}/${fd}`));
  t.notOk(targets.includes('/dev/zero'));
  const stat = readFileSync(`/proc/${daemon.pid}/stat`, 'latin1');
  const [, , group, session, terminal] = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  t.same([group, session], [String(daemon.pid), String(daemon.pid)]);
  t.equal(terminal, '0', 'no terminal');
});

t.test('a shell that captures the output goes on at once', async (t) => {
  const daemon = await started(t, [], ['sh', '-c', 'output=$("$@") && test -z "$output"', 'sh']);
  t.ok(statSync(daemon.socket).isSocket());
});

t.test('relative paths are those of the caller', async (t) => {
  const daemon = new DaemonProcess(t);
  const inDirectory = ['sh', '-c', 'cd "$0" && exec "$@"', daemon.directory];
  t.equal((await daemon.start(['-S', 'here', '-p', './pid'], inDirectory)).code, 0);
  t.same(readdirSync(daemon.directory).sort(), ['here', 'here.lock', 'pid']);
  await daemon.end('SIGTERM');
  t.same(readdirSync(daemon.directory), []);
});

t.test('SIGTERM removes socket, memory name, pid file and locks', async (t) => {
  const daemon = await started(t);
  t.ok(existsSync(daemon.shmPath));
  await daemon.end('SIGTERM');
  t.same(readdirSync(daemon.directory), []);
  t.notOk(existsSync(daemon.shmPath));
  t.notOk(existsSync(`${daemon.shmPath}.lock`));
});

t.test('a daemon with something to say to nobody goes on', async (t) => {
  const limit = ['prlimit', '--nofile=80:80'];
  const daemon = await started(t, ['-n', '16'], limit);
  const join = () => SocketPeer.join(t, daemon.socket, { vectors: 16, onlyOwn: true });
  const present: SocketPeer[] = [];
  let last = await join();
  while (last.refusal === undefined && present.length < 80) {
    present.push(last);
    last = await join();
  }
  t.not(last.refusal, undefined, 'a refusal is a warning');
  t.not((await join()).refusal, undefined);
  await daemon.end('SIGTERM');
  t.same(readdirSync(daemon.directory), []);
});

t.test('a start that fails ends with the reason, and leaves nothing', async (t) => {
  const directory = `${new DaemonProcess(t).directory}/missing`;
  const failures = [
    [['-l', '4096T'], 1, /^ivshmem-server: 4096T do not fit: \/dev\/shm has room for \d+[MG]?\n$/],
    [['-S', `${directory}/s`], 1, /^ivshmem-server: ENOENT: .*missing/],
    [['-p', `${directory}/pid`], 1, /^ivshmem-server: ENOENT: .*missing/],
    [['-m', directory], 1, /^ivshmem-server: ENOENT: .*missing/],
    [['-n', '4096'], 2, /^ivshmem-server: -n: 4096 is not in 1–2048\nSee: ivshmem-server -h\n$/],
  ] as const;
  await forEach(failures, async ([flags, expected, reason]) => {
    const daemon = new DaemonProcess(t);
    const { code, stdout, stderr } = await daemon.start(flags);
    t.match({ code, stdout, stderr }, { code: expected, stdout: '', stderr: reason });
    t.same(readdirSync(daemon.directory), []);
    t.notOk(existsSync(daemon.shmPath));
    t.notOk(existsSync(`${daemon.shmPath}.lock`));
  });
});

t.test('who gives up on the start has no daemon', async (t) => {
  const daemon = new DaemonProcess(t);
  const command = new Child(t, [...ivshmemServer, ...daemon.names, '-l', '1G']);
  await until('the memory is being made', () => existsSync(daemon.shmPath) || !command.alive);
  command.kill('SIGINT');
  t.equal((await command.exit).code, 1);
  t.same(readdirSync(daemon.directory), []);
  t.notOk(existsSync(daemon.shmPath));
});

t.test('a daemon that is ended before it serves ends its command, which says so', async (t) => {
  const daemon = new DaemonProcess(t);
  const command = new Child(t, [...ivshmemServer, ...daemon.names, '-l', '1G']);
  await until('the memory is being made', () => existsSync(daemon.shmPath) || !command.alive);
  const children = `/proc/${command.pid}/task/${command.pid}/children`;
  process.kill(Number(readFileSync(children, 'latin1')), 'SIGTERM');
  const stderr = 'ivshmem-server: it was ended before it served\n';
  t.match(await command.exit, { code: 1, stderr });
  t.same(readdirSync(daemon.directory), []);
  t.notOk(existsSync(daemon.shmPath));
});

t.test('who claims to be the daemon without being one is told', async (t) => {
  const env = { ...process.env, IVSHMEM_SERVER_IS_DAEMON: '1' };
  const { code, stderr } = await run(t, [...ivshmemServer, ...new DaemonProcess(t).names], { env });
  t.equal(code, 2);
  t.match(stderr, /3 is not an open descriptor/);
});

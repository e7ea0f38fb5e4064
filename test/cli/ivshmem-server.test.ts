// The flags of `ivshmem-server`: those of QEMU's example server, without its defects.
import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import t from 'tap';
import { forEach, ivshmemServer, run } from '../helper/command.js';
import { DaemonProcess, endOf } from '../helper/daemon-process.js';
import { SocketPeer } from '../helper/socket-peer.js';

const mib = 1024 ** 2;

t.test('a wrong call ends with 2, the flag, what is allowed and where help is', async (t) => {
  const calls = [
    ['-v', '-v needs -F: a daemon has no terminal'],
    ['-x', 'there is no flag -x'],
    ['-l', '-l: its value is missing'],
    ['-F -l -4M', /^-l: -4M .* nearest: \d+K$/],
    ['-F -l 0', /^-l: 0 .* nearest: \d+K$/],
    ['-F -l 4X', /^-l: '4X' .* nearest: 4M$/],
    ['-F -l 8192T', /^-l: 8192T .* nearest: 4096T$/],
    ['-F -n 0', '-n: 0 is not in 1–2048'],
    ['-F -n x', /^-n: 'x' is not an integer in 1–2048$/],
    ['-F -M a/b', /^-M: 'a\/b' is no name: /],
    ['word', "'word' is no flag"],
  ] as const;
  await forEach(calls, async ([flags, reason]) => {
    const daemon = new DaemonProcess(t);
    const { code, stdout, stderr } = await daemon.start(flags.split(' '));
    const [line = '', ...rest] = stderr.split('\n');
    t.match(
      { code, stdout, line: line.replace(/^ivshmem-server: /, ''), rest },
      { code: 2, stdout: '', line: reason, rest: ['See: ivshmem-server -h', ''] },
    );
    t.same(readdirSync(daemon.directory), []);
  });
});

t.test('help has the defaults, whatever else is given', async (t) => {
  const { code, stdout, stderr } = await run(t, [...ivshmemServer, '-v', '-h']);
  t.match({ code, stderr }, { code: 0, stderr: '' });
  const defaults = ['/var/run/ivshmem-server.pid', '/tmp/ivshmem_socket', 'ivshmem', '4M', '1'];
  for (const value of defaults) t.match(stdout, `default ${value})`);
});

t.test('without flags, all is where the example server has it', async (t) => {
  // The names are the machine's: the test has file systems of its own there, where it may mount any.
  const places = ['/tmp', '/run', '/dev/shm'];
  const isHidden = ivshmemServer.some((path) => places.some((place) => path.startsWith(place)));
  const script = `
    { ${places.map((place) => `mount -t tmpfs none ${place}`).join(' && ')}; } || exit 77
    "$@" || exit
    stat -Lc '%n %s %F' /tmp/ivshmem_socket /dev/shm/ivshmem
    read -r pid </var/run/ivshmem-server.pid
    kill "$pid"
    while [ -e /var/run/ivshmem-server.pid ]; do sleep 0.05; done
    find ${places.join(' ')} -type f -o -type s`;
  const argv = ['unshare', '--mount', 'sh', '-c', script, 'sh', ...ivshmemServer];
  const { code, stdout, stderr } = await run(t, argv);
  if (isHidden || code === 77 || stderr.startsWith('unshare:')) {
    t.pass('this machine has no such places for a test');
    return;
  }
  const expected = ['/tmp/ivshmem_socket 0 socket', `/dev/shm/ivshmem ${4 * mib} regular file`];
  t.same({ code, stdout, stderr }, { code: 0, stdout: `${expected.join('\n')}\n`, stderr: '' });
});

t.test('flags may be attached to each other and to their values', async (t) => {
  const daemon = new DaemonProcess(t);
  const child = await daemon.foreground(['-l2M', '-n4', '-Fv']);
  const peer = await SocketPeer.join(t, daemon.socket, { vectors: 4 });
  t.equal(peer.knows(0), 4);
  t.equal(statSync(daemon.shmPath).size, 2 * mib);
  t.notOk(existsSync(daemon.pidFile), 'only a daemon has a pid file');
  const log = await endOf(child);
  t.match(log, /info listening on .*: 2M, vectors 4.*\n.* info peer 0 joined: /);
});

t.test('without -v only what needs somebody is logged', async (t) => {
  const daemon = new DaemonProcess(t);
  const child = await daemon.foreground();
  await SocketPeer.join(t, daemon.socket, { vectors: 1 });
  t.equal(await endOf(child), '');
});

t.test('of -M and -m the last one says where the memory is', async (t) => {
  const directory = `${new DaemonProcess(t).directory}/memory`;
  mkdirSync(directory);
  for (const isDirectory of [true, false]) {
    const daemon = new DaemonProcess(t);
    const [name, path] = [
      ['-M', daemon.shmName],
      ['-m', directory],
    ] as const;
    const flags = isDirectory ? [...name, ...path] : [...path, ...name];
    const child = await daemon.foreground(flags);
    t.equal(existsSync(daemon.shmPath), !isDirectory);
    t.equal(await endOf(child), '');
    t.same(readdirSync(directory), [], 'a file in a directory has no name');
  }
});

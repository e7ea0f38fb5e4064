// The memory of `ivshmem-server`: as large as was asked for or larger, and nobody else's.
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { forEach } from '../helper/command.js';
import { DaemonProcess, endOf } from '../helper/daemon-process.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { until } from '../helper/until.js';

const mib = 1024 ** 2;

t.test('a size is rounded up, and that is said', async (t) => {
  const sizes = [
    ['3M', 4 * mib, 'from 3M to 4M'],
    ['1', undefined, /from 1 to \d+K/],
    ['2m', 2 * mib, undefined],
  ] as const;
  await forEach(sizes, async ([size, bytes, note]) => {
    const daemon = new DaemonProcess(t);
    const { code, stdout, stderr } = await daemon.start(['-l', size]);
    t.match({ code, stdout }, { code: 0, stdout: '' });
    if (note === undefined) t.equal(stderr, '');
    else t.match(stderr, note);
    if (bytes !== undefined) t.equal(statSync(daemon.shmPath).size, bytes);
  });
  const { stderr } = await new DaemonProcess(t).start(['-l', '5G', '-S', '/missing/s']);
  t.match(stderr, 'from 5G to 8G');
});

t.test('started twice, the first one does not notice, and the second one says why', async (t) => {
  const daemon = new DaemonProcess(t);
  const child = await daemon.foreground(['-v', '-l', '2M']);
  const peer = await SocketPeer.join(t, daemon.socket, { vectors: 1 });
  await until('the join is logged', () => child.stderr.includes('joined'));
  writeFileSync(daemon.shmPath, 'precious', { flag: 'r+' });
  const before = child.stderr;
  const attempts = [
    [],
    ['-l', '4M'],
    ['-S', `${daemon.directory}/other`],
    ['-S', `${daemon.directory}/o2`, '-l1M'],
  ];
  await forEach(attempts, async (flags) => {
    const { code, stderr } = await daemon.start(flags);
    t.equal(code, 1);
    t.match(stderr, /^ivshmem-server: .* living server \(process \d+\)/);
    t.match(stderr, `process ${child.pid}`);
  });
  t.equal(statSync(daemon.shmPath).size, 2 * mib);
  t.match(readFileSync(daemon.shmPath, 'latin1'), /^precious/);
  t.same(readdirSync(daemon.directory).sort(), ['s', 's.lock']);
  t.equal(child.stderr, before);
  t.same(peer.known, [0]);
  t.equal((await SocketPeer.join(t, daemon.socket, { vectors: 1 })).id, 1, 'no ID was used up');
  await endOf(child);
  t.notOk(existsSync(daemon.shmPath));
});

import t, { type Test } from 'tap';
import { createEventfd } from '../../native/eventfd.js';
import { Fd } from '../../native/fd.js';
import { canHoldPeers, peerGroups, peerPidFd, pidOf } from '../../native/peer-process.js';
import {
  acceptSocket,
  bindSocket,
  connectSocket,
  createSocketPair,
  createUnixSocket,
  listenSocket,
} from '../../native/unix-socket.js';
import { Child } from '../helper/child.js';
import { failing } from '../helper/fault.js';
import { need } from '../helper/need.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';
import { withoutRoom } from './no-room.js';
import { isClosedOnExec } from './status-flags.js';

/** A socket that listens at a path of the test's own. */
function listening(t: Test): { path: string; listener: Fd } {
  const path = `${temp(t)}/s`;
  const listener = createUnixSocket();
  t.teardown(() => listener.close());
  bindSocket(listener, path);
  listenSocket(listener, 10);
  return { path, listener };
}

/** A program that connects and stays, and our end of its connection. */
async function connected(t: Test, argv: readonly string[] = []): Promise<[Child, Fd]> {
  const { path, listener } = listening(t);
  const script = `require('net').connect(process.argv[1]).resume()`;
  const child = new Child(t, [...argv, process.execPath, '-e', script, path]);
  const socket = await until('it connects', () => acceptSocket(listener));
  t.teardown(() => socket.close());
  return [child, socket];
}

for (const count of [0, 1, 64, 65, 5_000]) {
  t.test(`a peer has its ${count} groups`, need('root'), async (t) => {
    const { path, listener } = listening(t);
    const gids = Array.from({ length: count }, (_, index) => 1_000 + index);
    const own = process.getgroups?.() ?? [];
    process.setgroups?.(gids);
    using client = connectSocket(path);
    process.setgroups?.(own);
    using accepted = acceptSocket(listener);
    t.ok(client);
    t.same(peerGroups(accepted!), gids, 'as it had them when it connected');
  });
}

t.test('a peer is held by a descriptor of its process', need('pidfd'), async (t) => {
  const [child, socket] = await connected(t);
  using pidFd = peerPidFd(socket);
  t.ok(isClosedOnExec(pidFd!.rawFd));
  t.equal(pidOf(pidFd!), child.pid);
  t.equal(canHoldPeers(), true);
});

t.test('who is gone has no number, for it may be another’s', need('pidfd'), async (t) => {
  const [child, socket] = await connected(t);
  using before = peerPidFd(socket);
  child.kill('SIGKILL');
  await child.exit;
  t.equal(pidOf(before!), undefined);
  using after = peerPidFd(socket);
  t.equal(after && pidOf(after), undefined);
});

for (const code of ['ENOPROTOOPT', 'ESRCH', 'EINVAL', 'ENODATA'] as const) {
  t.test(`a kernel that says ${code} does not hold the process`, async (t) => {
    const [a, b] = createSocketPair();
    failing(t, 'getsockopt', code);
    t.equal(peerPidFd(a), undefined);
    t.equal(canHoldPeers(), false);
    a.close();
    b.close();
  });
}

t.test('what is no socket has no peer, and what is no pidfd no process', async (t) => {
  using fd = createEventfd();
  t.throws(() => peerGroups(fd), { code: 'ENOTSOCK', syscall: 'getsockopt' });
  t.throws(() => peerPidFd(fd), { code: 'ENOTSOCK', syscall: 'getsockopt' });
  t.equal(pidOf(fd), undefined);
});

t.test('where /proc does not show our own descriptors nobody has a number', async (t) => {
  using fd = createEventfd();
  failing(t, 'open', 'ENOENT');
  t.equal(pidOf(fd), undefined);
});

t.test('without room for a descriptor nobody is held', need('pidfd'), async (t) => {
  const [a, b] = createSocketPair();
  const before = Fd.open;
  t.throws(() => withoutRoom(() => peerPidFd(a)), { code: 'EMFILE' });
  t.equal(Fd.open, before);
  a.close();
  b.close();
});

// The region is in this process, and so is who is rung; who rings is a command.
import t from 'tap';
import { Peer } from '../../../src/index.js';
import { runPeer } from '../../helper/peer-command.js';
import { Region } from '../../helper/region.js';
import { SocketPeer } from '../../helper/socket-peer.js';
import { temp } from '../../helper/temp.js';

const quiet = { code: 0, stdout: '', stderr: '' };

t.test('one vector is rung, and no other', async (t) => {
  const { socket } = await Region.listen(t, { vectors: 3 });
  const rung = await SocketPeer.join(t, socket, { vectors: 3 });
  t.match(await runPeer(t, socket, 'ring', '0', '0x1'), quiet);
  t.same(await rung.heard(), [1]);
});

t.test('all vectors are rung', async (t) => {
  const { socket } = await Region.listen(t, { vectors: 3 });
  const rung = await SocketPeer.join(t, socket, { vectors: 3 });
  const other = await SocketPeer.join(t, socket, { vectors: 3 });
  t.match(await runPeer(t, socket, 'ring', '0', 'all'), quiet);
  t.same(await rung.heard(), [0, 1, 2]);
  t.same(await other.heard(), []);
});

t.test('a ring that would block is told, and the others are rung', async (t) => {
  const { socket } = await Region.listen(t, { vectors: 3 });
  const rung = await SocketPeer.join(t, socket, { vectors: 3 });
  await using filler = await Peer.connect({ socket, vectors: 3 });
  for (const vector of [0, 2]) {
    for (let times = 2 ** 53; times >= 1; times /= 2) while (filler.ring(0, vector, times));
  }
  const { code, stdout, stderr } = await runPeer(t, socket, 'ring', '0', 'all');
  t.match({ code, stdout }, { code: 1, stdout: '' });
  t.match(stderr, /^ivshmem peer ring: vectors 0, 2 of peer 0 would block: .*\n$/);
  t.same(await rung.heard(), [0, 1, 2]);
  t.equal((await runPeer(t, socket, 'ring', '0', '0')).code, 1);
});

t.test('who is not there is not rung, and who is there is told', async (t) => {
  const { socket } = await Region.listen(t, {});
  t.match(await runPeer(t, socket, 'ring', '9', '0'), {
    code: 1,
    stderr: 'ivshmem peer ring: peer 9 is not there; nobody else is there\n',
  });
  await SocketPeer.join(t, socket, { vectors: 1 });
  t.match(await runPeer(t, socket, 'ring', '9', '0'), {
    code: 1,
    stderr: 'ivshmem peer ring: peer 9 is not there; there is: 1\n',
  });
  await SocketPeer.join(t, socket, { vectors: 1 });
  t.match(await runPeer(t, socket, 'ring', '4', '0'), {
    code: 1,
    stderr: 'ivshmem peer ring: peer 4 is this command itself; there are: 1, 3\n',
  });
});

t.test('a vector that a peer does not have is a wrong call', async (t) => {
  const { socket } = await Region.listen(t, { vectors: 2 });
  await SocketPeer.join(t, socket, { vectors: 2 });
  t.match(await runPeer(t, socket, 'ring', '0', '2'), {
    code: 2,
    stderr:
      'ivshmem peer ring: VECTOR: peer 0 has 2 vectors: 0–1, not 2\nSee: ivshmem peer ring --help\n',
  });
});

t.test('where nobody serves, the line has path and remedy', async (t) => {
  const socket = `${temp(t)}/s`;
  const { code, stderr } = await runPeer(t, socket, 'ring', '0', '0');
  t.equal(code, 1);
  t.match(stderr, /^ivshmem peer ring: ENOENT: .*\/s'; start a server there .*--socket\n$/);
});

t.test('a refusal is told with its reason', async (t) => {
  const { socket } = await Region.listen(t, { maxPeers: 1 });
  await SocketPeer.join(t, socket, { vectors: 1 });
  const { code, stderr } = await runPeer(t, socket, 'ring', '0', '0');
  t.equal(code, 1);
  t.match(stderr, /^ivshmem peer ring: the server refused: -87 EUSERS, .*; its log says more\n$/);
});

import t from 'tap';
import { bindSocket, createUnixSocket } from '../../../native/unix-socket.js';
import { joinAsHost } from '../../../src/cli/peer/join-as-host.js';
import { Server } from '../../../src/index.js';
import { runPeer, StayingPeer } from '../../helper/peer-command.js';
import { Region } from '../../helper/region.js';
import { SocketPeer } from '../../helper/socket-peer.js';
import { temp } from '../../helper/temp.js';

t.test('commands one after the other share an ID', async (t) => {
  const region = await Region.listenWithHost(t, {});
  for (let visit = 1; visit <= 3; visit += 1) {
    await using peer = await joinAsHost(region.socket);
    t.equal(peer.id, 0);
    peer.close();
    await region.left(visit);
  }
  t.same(region.present, [0]);
});

t.test('where there is no socket for host commands, a command joins as any peer', async (t) => {
  const region = await Region.listen(t, {});
  await using peer = await joinAsHost(region.socket);
  t.equal(peer.id, 0);
});

t.test('where nobody listens on it, too', async (t) => {
  const region = await Region.listen(t, {});
  using dead = createUnixSocket();
  bindSocket(dead, `${region.socket}.host`);
  await using peer = await joinAsHost(region.socket);
  t.equal(peer.id, 0);
});

t.test('where its path would be too long, too', async (t) => {
  const directory = temp(t);
  const socket = `${directory}/${'s'.repeat(106 - directory.length)}`;
  const server = await Server.listen({ socket, size: 4096, vectors: 1 });
  t.teardown(() => server.close());
  await using peer = await joinAsHost(socket);
  t.equal(peer.id, 0);
});

t.test('where there is nothing at all, the error is about the socket that was named', async (t) => {
  const socket = `${temp(t)}/s`;
  await t.rejects(joinAsHost(socket), { code: 'ENOENT', path: socket });
});

t.test('when those that stay have all slots, the remedy that is told is one', async (t) => {
  const region = await Region.listenWithHost(t, { vectors: 1 });
  for (let slot = 0; slot < 16; slot += 1)
    await SocketPeer.join(t, region.hostSocket, { vectors: 1 });
  const refused = await runPeer(t, region.socket, 'write', '0', 'x');
  t.match(refused, {
    code: 1,
    stdout: '',
    stderr: /^ivshmem peer write: .* EBUSY, .*: --as-vm\n$/,
  });
  const written = await runPeer(t, region.socket, 'write', '0', 'x', '--as-vm');
  t.match(written, { code: 0, stdout: '1 byte written at 0\n', stderr: '' });
});

t.test('what joins as a VM does takes no slot', async (t) => {
  const region = await Region.listenWithHost(t, { vectors: 1 });
  const waiting = new StayingPeer(t, region.socket, 'wait', '0', '--as-vm');
  await waiting.ready();
  t.same([...region.slots], []);
  t.match(await runPeer(t, region.socket, 'ring', '0', '0'), { code: 0, stderr: '' });
  t.same([...region.slots], [1]);
  t.match(await waiting.exit, { code: 0 });
});

t.test('commands that are told of a socket for host commands elsewhere share an ID', async (t) => {
  const directory = temp(t);
  const hostSocket = `${directory}/commands`;
  const region = await Region.listen(t, { socket: `${directory}/s`, hostSocket });
  for (let visit = 1; visit <= 2; visit += 1) {
    t.match(await runPeer(t, hostSocket, 'read', '0', '1', '--raw'), { code: 0, stderr: '' });
    await region.left(visit);
  }
  t.same(region.present, [0]);
});

import t from 'tap';
import { bindSocket, createUnixSocket } from '../../../native/unix-socket.js';
import { joinAsHost } from '../../../src/cli/peer/join-as-host.js';
import { Server } from '../../../src/index.js';
import { Region } from '../../helper/region.js';
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

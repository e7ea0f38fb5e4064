// A storm of newcomers does not starve those who are attached, nor the reverse. Counted in turns of the
// event loop, not in time.
import { setImmediate as turn } from 'node:timers/promises';
import t from 'tap';
import type { Fd } from '../../native/fd.js';
import { connectSocket } from '../../native/unix-socket.js';
import { Ledger } from '../helper/ledger.js';
import { Region } from '../helper/region.js';
import { StrictPeer } from '../helper/strict-peer.js';
import type { Scope } from '../helper/temp.js';
import { until } from '../helper/until.js';

const STORM = 300;

/** So many connections at once, all of them in the backlog. */
function storm(t: Scope, socket: string): void {
  const sockets: Fd[] = Array.from({ length: STORM }, () => connectSocket(socket)!);
  t.teardown(() => {
    for (const fd of sockets) fd.close();
  });
}

t.test(
  'in a storm of newcomers an attached peer is told of the first before the last is in',
  async (t) => {
    const { server, socket } = await Region.listen(t, { vectors: 1 });
    const attached = await StrictPeer.join(t, socket, { vectors: 1, ledger: new Ledger() });
    storm(t, socket);
    while (attached.told.size === 1) {
      await turn();
      attached.read();
    }
    t.ok(server.peers.length < STORM / 2, `${server.peers.length} of ${STORM} were in`);
    await until('all are told', () => attached.read() >= 0 && attached.told.size === STORM + 1);
  },
);

t.test('a newcomer is welcomed while hundreds are still to be told of each other', async (t) => {
  const vectors = 4;
  const { server, socket } = await Region.listen(t, { vectors });
  storm(t, socket);
  await until('all are in', () => server.peers.length === STORM);
  const newcomer = StrictPeer.connect(socket, { vectors, ledger: new Ledger() });
  t.teardown(() => {
    newcomer.close();
  });
  let turns = 0;
  for (; Number.isNaN(newcomer.id); turns += 1) {
    await turn();
    newcomer.read(24);
  }
  t.ok(turns <= 4, `its ID came after ${turns} turns`);
  t.equal(newcomer.id, STORM, 'while none of the others has read anything');
});

// The rehearsal leaves nothing behind (the gate of descriptors holds for this file, too), takes nothing
// that a real peer needs, and holds nobody up.
import t from 'tap';
import { ownDescriptorLimit } from '../../native/descriptor-limit.js';
import { rehearse } from '../../src/server/rehearsal.js';
import { failing } from '../helper/fault.js';
import { Ledger } from '../helper/ledger.js';
import { Region } from '../helper/region.js';
import { StrictPeer } from '../helper/strict-peer.js';
import { withDescriptorLimit } from '../native/no-room.js';

const always = { vectors: 1, mayGoOn: (): boolean => true };

t.test('what a region does all day is done for a moment', async (t) => {
  t.ok((await rehearse(always)) > 100);
});

t.test('when somebody comes it is over; who comes is told of nobody else', async (t) => {
  const { server, socket } = await Region.listen(t, { vectors: 2 });
  const rehearsal = rehearse({ vectors: 2, mayGoOn: () => server.peers.length === 0 });
  const peer = await StrictPeer.join(t, socket, { vectors: 2, ledger: new Ledger() });
  t.ok((await rehearsal) < 100);
  peer.read();
  t.strictSame([...peer.told.keys()], [0]);
  t.equal(server.peers.length, 1);
});

t.test('with few descriptors for the newcomers of the region it is left out', async (t) => {
  const vectors = ownDescriptorLimit() / 16;
  t.equal(await rehearse({ ...always, vectors }), 0);
  t.equal(await withDescriptorLimit(100, () => rehearse(always)), 0);
});

for (const call of ['socketpair', 'eventfd', 'sendmmsg'] as const) {
  t.test(`where ${call} fails it is over, and nothing of it is left`, async (t) => {
    failing(t, call, 'ENOMEM');
    await t.resolves(rehearse(always));
  });
}

// A join that fails at its last step, when the socket is to be watched: koffi throws then.
// The modules are loaded after the fault is in place: the watch keeps koffi's function from the start.
import koffi from 'koffi';
import t from 'tap';
import { errno } from '../../native/system-error.js';

const node = koffi.node as { poll: (...args: never[]) => unknown };
const real = node.poll;
let isFailing = false;
node.poll = (...args) => {
  if (isFailing) throw new Error('Failed to init UVPoll: too many open files');
  return real(...args);
};
const { Ledger } = await import('../helper/ledger.js');
const { Region } = await import('../helper/region.js');
const { StrictPeer } = await import('../helper/strict-peer.js');
const { descriptorCount } = await import('../../native/descriptor-limit.js');

t.test('a socket that cannot be watched is refused, and nobody else is told', async (t) => {
  const region = await Region.listen(t, { vectors: 2 });
  const options = { vectors: 2, ledger: new Ledger() };
  const first = await StrictPeer.join(t, region.socket, options);
  const before = descriptorCount('self');

  isFailing = true;
  const refused = await StrictPeer.join(t, region.socket, options);
  isFailing = false;
  t.equal(refused.refusal, -errno.EMFILE);
  refused.close();
  t.equal(descriptorCount('self'), before, 'nothing leaks');
  t.equal(first.read(), 0);

  const next = await StrictPeer.join(t, region.socket, options);
  t.ok(next.isWelcomed);
  t.same([...next.told.keys()], [0, next.id]);
});

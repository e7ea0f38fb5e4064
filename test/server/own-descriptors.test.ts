import { closeSync, openSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { descriptorCount, ownDescriptorLimit } from '../../native/descriptor-limit.js';
import { createEventfd } from '../../native/eventfd.js';
import { errno } from '../../native/system-error.js';
import { ownDescriptors } from '../../src/server/own-descriptors.js';
import { failing } from '../helper/fault.js';
import { Ledger } from '../helper/ledger.js';
import { Region } from '../helper/region.js';
import { StrictPeer } from '../helper/strict-peer.js';
import { withDescriptorLimit } from '../native/no-room.js';

t.test('what is opened through us is counted along', async (t) => {
  const { open, limit } = ownDescriptors(1);
  t.equal(open, descriptorCount('self'));
  t.equal(limit, ownDescriptorLimit());
  using fd = createEventfd();
  t.ok(fd.isOpen);
  t.equal(ownDescriptors(1).open, open + 1);
});

t.test('near the limit the kernel is asked each time', async (t) => {
  const { open } = ownDescriptors(Infinity);
  const foreign = openSync('/dev/null', 'r');
  try {
    t.equal(ownDescriptors(1).open, open, 'what others open is seen a little later');
    t.equal(ownDescriptors(ownDescriptorLimit()).open, open + 1);
  } finally {
    closeSync(foreign);
  }
  withDescriptorLimit(500, () => {
    t.equal(ownDescriptors(Infinity).limit, 500);
  });
});

t.test(
  'a newcomer for whom the kernel does not answer is refused, the next one is not',
  async (t) => {
    const { socket } = await Region.listen(t, { vectors: 1 });
    const options = { vectors: 1, ledger: new Ledger() };
    ownDescriptors(Infinity);
    await sleep(1_100);
    const fault = failing(t, 'prlimit', 'ENOMEM');
    const refused = await StrictPeer.join(t, socket, options);
    t.equal(refused.refusal, -errno.ENOMEM);
    fault.restore();
    t.ok((await StrictPeer.join(t, socket, options)).isWelcomed);
  },
);

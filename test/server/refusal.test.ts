import t from 'tap';
import { refusal, refusalErrno } from '../../src/server/refusal.js';

t.test('the reasons and what a peer is sent for each are a contract', async (t) => {
  t.same(refusalErrno, {
    descriptors: 24, // EMFILE
    kernel: 12, // ENOMEM
    peers: 87, // EUSERS
    'host-slots': 16, // EBUSY
    ids: 28, // ENOSPC
    'qemu-descriptors': 31, // EMLINK
    vectors: 22, // EINVAL
    data: 71, // EPROTO
    stopping: 108, // ESHUTDOWN
  });
});

t.test(
  'a refusal carries the negative errno of its reason, or the one that is given',
  async (t) => {
    t.same(refusal('peers', 'full', 'wait'), {
      reason: 'peers',
      version: -87,
      message: 'full',
      remedy: 'wait',
    });
    t.equal(refusal('kernel', 'no', 'none', 23).version, -23);
  },
);

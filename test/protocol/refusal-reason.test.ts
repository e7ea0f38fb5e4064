import t from 'tap';
import { refusalErrno, refusalMeaning } from '../../src/protocol/refusal-reason.js';

t.test('the reasons and what a peer is sent for each are a contract', async (t) => {
  t.same(refusalErrno, {
    descriptors: 24, // EMFILE
    kernel: 12, // ENOMEM
    peers: 87, // EUSERS
    access: 13, // EACCES
    'user-peers': 122, // EDQUOT
    'host-slots': 16, // EBUSY
    taken: 98, // EADDRINUSE
    ids: 28, // ENOSPC
    'qemu-descriptors': 31, // EMLINK
    vectors: 22, // EINVAL
    data: 71, // EPROTO
    stopping: 108, // ESHUTDOWN
  });
});

t.test('a reason of the table has a meaning, any other number none', async (t) => {
  t.equal(refusalMeaning(-87), 'as many peers as the region takes are there');
  for (const errno of Object.values(refusalErrno)) t.type(refusalMeaning(-errno), 'string');
  for (const other of [-1, 0, 1, 87]) t.equal(refusalMeaning(other), undefined);
});

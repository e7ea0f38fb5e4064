import t from 'tap';
import { ProtocolError } from '../../src/protocol/protocol-error.js';

t.test('an error is known by its code', (t) => {
  const error = new ProtocolError('ERR_IVSHMEM_LEAVE', 'peer 3 is not there');
  t.ok(error instanceof Error);
  t.equal(error.name, 'ProtocolError');
  t.equal(error.code, 'ERR_IVSHMEM_LEAVE');
  t.equal(String(error), 'ProtocolError: peer 3 is not there');
  t.equal(error.refusal, undefined);
  t.end();
});

t.test('a refusal carries its reason, a negative errno', (t) => {
  t.equal(new ProtocolError('ERR_IVSHMEM_REFUSED', 'refused', -13).refusal, -13);
  t.end();
});

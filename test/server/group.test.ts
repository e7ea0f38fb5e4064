import t from 'tap';
import { resolveGroup } from '../../src/server/group.js';

t.test('a group is a name or a number', async (t) => {
  t.equal(resolveGroup('memGroup', 'root'), 0);
  t.equal(resolveGroup('memGroup', '0'), 0);
  t.equal(resolveGroup('memGroup', '12345'), 12_345, 'which needs no name');
});

t.test('a group that is none is an error about its option', async (t) => {
  for (const group of ['no such group', '', '-1', '1.5', '4294967295']) {
    t.throws(() => resolveGroup('memGroup', group), {
      code: 'ERR_IVSHMEM_OPTION',
      option: 'memGroup',
    });
  }
});

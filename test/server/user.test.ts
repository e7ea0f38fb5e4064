import t from 'tap';
import { resolveUser } from '../../src/server/user.js';

t.test('a user is a name or a number', async (t) => {
  t.equal(resolveUser('user', 'root'), 0);
  t.equal(resolveUser('user', '0'), 0);
  t.equal(resolveUser('user', 12_345), 12_345, 'which needs no name');
});

t.test('a user that is none is an error about its option', async (t) => {
  for (const user of ['no such user', '', '-1', -1, 1.5, '4294967295', NaN]) {
    t.throws(() => resolveUser('access[0].user', user), {
      code: 'ERR_IVSHMEM_OPTION',
      option: 'access[0].user',
    });
  }
});

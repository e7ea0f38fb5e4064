import { readFileSync } from 'node:fs';
import t from 'tap';
import { userId, userIds, userName } from '../../native/user.js';

t.test('root is user 0', async (t) => {
  t.equal(userId('root'), 0);
});

t.test('every user of the system has its number', async (t) => {
  const lines = readFileSync('/etc/passwd', 'utf8').trim().split('\n');
  for (const [name = '', , uid, gid] of lines.map((line) => line.split(':'))) {
    t.equal(userId(name), Number(uid), name);
    t.same(userIds(name), { uid: Number(uid), gid: Number(gid) }, name);
  }
});

t.test('a user that is not there has none', async (t) => {
  t.equal(userId('no-such-user'), undefined);
  t.equal(userId(''), undefined);
  t.equal(userId('0'), undefined, 'a number is no name');
});

t.test('every number has the name that the system finds first', async (t) => {
  const lines = readFileSync('/etc/passwd', 'utf8').trim().split('\n').reverse();
  const names = new Map(lines.map((line) => [Number(line.split(':')[2]), line.split(':')[0]]));
  for (const [uid, name] of names) t.equal(userName(uid), name);
});

t.test('a number that no user has, has no name', async (t) => {
  t.equal(userName(3_999_999_999), undefined);
});

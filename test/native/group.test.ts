import { readFileSync } from 'node:fs';
import t from 'tap';
import { groupId } from '../../native/group.js';

t.test('root is group 0', async (t) => {
  t.equal(groupId('root'), 0);
});

t.test('every group of the system has its number', async (t) => {
  const lines = readFileSync('/etc/group', 'utf8').trim().split('\n');
  for (const [name = '', , gid] of lines.map((line) => line.split(':')))
    t.equal(groupId(name), Number(gid), name);
});

t.test('a group that is not there has none', async (t) => {
  t.equal(groupId('no-such-group'), undefined);
  t.equal(groupId(''), undefined);
  t.equal(groupId('0'), undefined, 'a number is no name');
});

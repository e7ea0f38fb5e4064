import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { isUnmapped, overflowId } from '../../src/server/unmapped.js';
import { need } from '../helper/need.js';
import { temp } from '../helper/temp.js';

const overflow = Number(readFileSync('/proc/sys/kernel/overflowuid', 'latin1'));

t.test('where everybody has a number no number is in doubt', async (t) => {
  const directory = temp(t);
  mkdirSync(`${directory}/self`);
  writeFileSync(`${directory}/self/uid_map`, '         0          0 4294967295\n');
  t.equal(overflowId('uid', directory), undefined);
});

t.test('where nothing can be seen the usual number is in doubt', async (t) => {
  t.equal(overflowId('uid', temp(t)), 65_534);
});

t.test(
  'in a user namespace of few numbers 65534 is nobody in particular',
  need('root'),
  async (t) => {
    const unmapped = new URL('../../src/server/unmapped.js', import.meta.url).href;
    const script = `const { isUnmapped } = await import('${unmapped}');
    console.log(isUnmapped('uid', ${overflow}), isUnmapped('gid', ${overflow}), isUnmapped('uid', 0))`;
    const node = [process.execPath, '--input-type=module', '-e', script];
    const text = execFileSync('unshare', ['--user', '--map-root-user', ...node], {
      encoding: 'utf8',
    });
    t.equal(text, 'true true false\n');
  },
);

t.test('no other number is in doubt', async (t) => {
  for (const id of [0, 1, 1_000]) t.notOk(isUnmapped('uid', id) || isUnmapped('gid', id));
});

import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import t from 'tap';
import { Holders } from '../../../src/control/doctor/holders.js';
import { Child } from '../../helper/child.js';
import { temp } from '../../helper/temp.js';

t.test('who has a file open is seen, once for all that is asked', async (t) => {
  const [one, other] = [`${temp(t)}/one`, `${temp(t)}/other`];
  for (const file of [one, other]) writeFileSync(file, '');
  const script = `exec 3<${one} 4<${one}; echo; read line; exec 5<${other}; echo; read line`;
  const child = new Child(t, ['sh', '-c', script]);
  await once(child.stdout, 'data');
  const holders = new Holders();
  t.strictSame([holders.having(one), holders.having(other)], [[child.pid], []]);
  child.stdin.write('\n');
  await once(child.stdout, 'data');
  t.strictSame(holders.having(other), []);
  t.strictSame(new Holders().having(one, other), [child.pid]);
});

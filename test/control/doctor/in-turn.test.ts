import t from 'tap';
import { inTurn } from '../../../src/control/doctor/in-turn.js';

t.test('of each user the first comes before the second of another', async (t) => {
  const userOf = (item: string): number => Number(item[0]);
  t.strictSame(inTurn(['1a', '1b', '1c', '2a', '3a', '2b'], userOf), [
    ...['1a', '2a', '3a'],
    ...['1b', '2b'],
    '1c',
  ]);
});

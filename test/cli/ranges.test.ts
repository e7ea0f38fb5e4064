import t from 'tap';
import { allVectors, ranges, vectorNames } from '../../src/cli/ranges.js';

t.test('neighbours are one range', async (t) => {
  t.equal(ranges([]), '');
  t.equal(ranges([7]), '7');
  t.equal(ranges([0, 1]), '0–1');
  t.equal(ranges([0, 2, 3, 4, 9]), '0, 2–4, 9');
});

t.test('one vector is singular', async (t) => {
  t.equal(vectorNames([3]), 'vector 3');
  t.equal(vectorNames([0, 3]), 'vectors 0, 3');
  t.equal(allVectors(1), 'vector 0');
  t.equal(allVectors(64), 'vectors 0–63');
});

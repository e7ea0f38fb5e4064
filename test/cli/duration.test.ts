// Durations as people read them.
import t from 'tap';
import { durationText } from '../../src/cli/duration.js';

t.test('a duration is told in a unit that changes seldom', async (t) => {
  const texts = [-1, 0, 59.9, 60, 7_199, 7_200, 172_799, 172_800].map(durationText);
  t.strictSame(texts, ['0 s', '0 s', '59 s', '1 min', '119 min', '2 h', '47 h', '2 d']);
});

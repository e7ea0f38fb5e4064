import t from 'tap';
import { compactText, durationText, groupedText } from '../../../src/cli/top/number-text.js';

t.test('a duration is told in a unit that changes seldom', async (t) => {
  const texts = [-1, 0, 59.9, 60, 7_199, 7_200, 172_799, 172_800].map(durationText);
  t.strictSame(texts, ['0 s', '0 s', '59 s', '1 min', '119 min', '2 h', '47 h', '2 d']);
});

t.test('a great count is told in few characters', async (t) => {
  const texts = [0, 99_999, 100_000, 1_234_567, 2 ** 53].map(compactText);
  t.strictSame(texts, ['0', '99999', '100K', '1.2M', '9007.2T']);
  t.equal(groupedText(65_530), '65,530');
});

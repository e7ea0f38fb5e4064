import t from 'tap';
import { compactText, groupedText } from '../../../src/cli/top/number-text.js';

t.test('a great count is told in few characters', async (t) => {
  const texts = [0, 99_999, 100_000, 1_234_567, 2 ** 53].map(compactText);
  t.strictSame(texts, ['0', '99999', '100K', '1.2M', '9007.2T']);
  t.equal(groupedText(65_530), '65,530');
});

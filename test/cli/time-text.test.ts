import t from 'tap';
import { timeText } from '../../src/cli/time-text.js';

t.test('a time of today is the time of day, one of another day has its date', async (t) => {
  const now = new Date(2026, 10, 25, 12, 0, 0);
  t.equal(timeText(new Date(2026, 10, 25, 9, 5, 7), now), '09:05:07');
  t.equal(timeText(new Date(2026, 10, 24, 23, 59, 59), now), '2026-11-24 23:59:59');
  t.equal(timeText(new Date(2025, 10, 25, 9, 5, 7), now), '2025-11-25 09:05:07');
});

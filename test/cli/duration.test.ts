// Durations as people read them.
import t from 'tap';
import { formatDuration } from '../../src/cli/duration.js';

const texts: readonly (readonly [number, string])[] = [
  [0, '0 s'],
  [-3, '0 s'],
  [0.9, '0 s'],
  [59, '59 s'],
  [60, '1 min'],
  [61, '1 min 1 s'],
  [3_600, '1 h'],
  [3_659, '1 h'],
  [3_660, '1 h 1 min'],
  [86_399, '23 h 59 min'],
  [86_400, '1 d'],
  [90_000, '1 d 1 h'],
  [31_622_400, '366 d'],
];

for (const [seconds, text] of texts)
  t.test(`${seconds} seconds are ${text}`, async (t) => {
    t.equal(formatDuration(seconds), text);
  });

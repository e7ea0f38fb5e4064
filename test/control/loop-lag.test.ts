// How late the event loop is.
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { LoopLag } from '../../src/control/loop-lag.js';

t.test('a loop that was held up has a peak, which who looks does not wipe out', async (t) => {
  using lag = new LoopLag();
  await sleep(200);
  const end = performance.now() + 500;
  while (performance.now() < end);
  await sleep(200);
  for (let look = 0; look < 2; look += 1) {
    const { mean, max } = lag.seconds;
    t.ok(max > 0.3, `${max} s`);
    t.ok(mean >= 0 && mean <= max);
  }
});

t.test('nothing was measured yet', async (t) => {
  using lag = new LoopLag();
  t.same(lag.seconds, { mean: 0, max: 0 });
});

// Whether a peer reads, from what it was sent and what it has not read.
import { setTimeout as sleep } from 'node:timers/promises';
import t from 'tap';
import { Progress } from '../../src/server/progress.js';

t.test('what was just sent may be unread', async (t) => {
  const progress = new Progress();
  t.equal(progress.isStuck(0), false, 'nothing was sent');
  progress.count(5);
  t.equal(progress.isStuck(5), false);
});

t.test('what was sent a second ago may not', async (t) => {
  const progress = new Progress();
  progress.count(5);
  await sleep(1_010);
  t.equal(progress.isStuck(1), true);
  t.equal(progress.isStuck(0), false);
  progress.count(3);
  t.equal(progress.isStuck(3), false, 'the three are new');
  t.equal(progress.isStuck(4), true, 'the fourth is not');
});

t.test('who is sent more all the time, and reads what is older, is not stuck', async (t) => {
  const progress = new Progress();
  const end = performance.now() + 2_500;
  while (performance.now() < end) {
    progress.count(1);
    await sleep(10);
  }
  t.equal(progress.isStuck(10), false);
  t.equal(progress.isStuck(220), true);
});

t.test('what came soon after something older is no exception', async (t) => {
  const progress = new Progress();
  progress.count(5);
  progress.count(3);
  await sleep(1_010);
  t.equal(progress.isStuck(3), true);
});

// Found out once for all who ask at once, and never older than the question.
import t from 'tap';
import { Shared } from '../../../src/control/front/shared.js';

/** Each time it is found out, it waits to be told how it ends. */
function scene() {
  const ends: ((value: Error | number) => void)[] = [];
  const shared = new Shared<number>(
    () =>
      new Promise((resolve, reject) => {
        ends.push((value) => {
          if (value instanceof Error) reject(value);
          else resolve(value);
        });
      }),
  );
  return { ends, shared };
}

t.test('who asks meanwhile shares the next, which begins when this one is over', async (t) => {
  const { ends, shared } = scene();
  const first = shared.get();
  const [second, third] = [shared.get(), shared.get()];
  t.equal(ends.length, 1);
  ends[0]?.(1);
  t.equal(await first, 1);
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(ends.length, 2, 'one for both');
  t.ok(shared.isRepeated);
  const fourth = shared.get();
  ends[1]?.(2);
  t.same(await Promise.all([second, third]), [2, 2]);
  await new Promise((resolve) => setImmediate(resolve));
  ends[2]?.(3);
  t.equal(await fourth, 3, 'who asked during the second did not get that');
});

t.test('one that fails fails for those who asked, and the next is found out', async (t) => {
  const { ends, shared } = scene();
  const first = shared.get();
  const second = shared.get();
  ends[0]?.(new Error('no'));
  await t.rejects(first, { message: 'no' });
  await new Promise((resolve) => setImmediate(resolve));
  ends[1]?.(2);
  t.equal(await second, 2);
  const third = shared.get();
  t.notOk(shared.isRepeated, 'nobody was waiting');
  ends[2]?.(3);
  t.equal(await third, 3);
});

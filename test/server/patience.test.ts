import t from 'tap';
import { Patience } from '../../src/server/patience.js';

/** A clock, and a look that takes so long. */
function scene(): {
  patience: Patience;
  pass: (ms: number) => void;
  taking: (ms: number) => () => string;
} {
  let now = 1_000;
  const pass = (ms: number): void => void (now += ms);
  const taking = (ms: number) => () => {
    pass(ms);
    return 'seen';
  };
  return { patience: new Patience(() => now), pass, taking };
}

t.test('a user who makes us wait takes the hundredth part of our time, and no more', async (t) => {
  const { patience, pass, taking } = scene();
  let waited = 0;
  for (let count = 0; count < 10_000; count += 1) {
    if (patience.look(1, taking(2_000)) === 'seen') waited += 2_000;
    pass(1_000);
  }
  t.ok(waited > 0 && waited <= 10_000_000 / 99, String(waited));
});

t.test('nobody else is taken for slow', async (t) => {
  const { patience, taking } = scene();
  t.equal(patience.look(1, taking(300)), 'seen', 'the first time it is not known');
  t.equal(patience.look(1, taking(0)), undefined);
  t.equal(patience.look(2, taking(0)), 'seen');
});

t.test('who is as slow as any machine is looked at each time', async (t) => {
  const { patience, taking } = scene();
  for (let count = 0; count < 100; count += 1) t.equal(patience.look(1, taking(200)), 'seen');
});

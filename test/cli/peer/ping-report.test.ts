import t from 'tap';
import { pingText, summarize } from '../../../src/cli/peer/ping-report.js';

t.test('the figures are round trips that there were', async (t) => {
  const roundTripsMs = Array.from({ length: 200 }, (_, index) => (200 - index) / 100);
  t.match(summarize(roundTripsMs, 3), {
    sent: 203,
    lost: 3,
    roundTripUs: { minimum: 10, median: 1000, p99: 1980, maximum: 2000 },
  });
});

t.test('each round trip is in one row, and rows between are not left out', async (t) => {
  const { histogram } = summarize([0.0005, 0.0019, 0.002, 0.0039, 0.016], 0);
  t.same(histogram, [
    { fromUs: 0, belowUs: 2, count: 2 },
    { fromUs: 2, belowUs: 4, count: 2 },
    { fromUs: 4, belowUs: 8, count: 0 },
    { fromUs: 8, belowUs: 16, count: 0 },
    { fromUs: 16, belowUs: 32, count: 1 },
  ]);
});

t.test('a person reads counts, figures and rows', async (t) => {
  const text = pingText(summarize([0.05, 0.0512, 0.07, 0.08, 2.5], 1));
  t.equal(
    text,
    `6 rings: 5 answered, 1 lost
round trip: minimum 50 µs, median 70 µs, p99 2.5 ms, maximum 2.5 ms
            32–64 µs  ########################################  2
           64–128 µs  ########################################  2
          128–256 µs                                            0
          256–512 µs                                            0
         512–1024 µs                                            0
        1024–2048 µs                                            0
        2048–4096 µs  ####################                      1
`,
  );
});

t.test('where nothing was answered there are no figures', async (t) => {
  const summary = summarize([], 7);
  t.same(summary, { sent: 7, lost: 7, roundTripUs: null, histogram: [] });
  t.equal(pingText(summary), '7 rings: 0 answered, 7 lost\n');
});

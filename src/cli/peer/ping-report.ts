// What a row of round trips tells: for people, and for programs.

const BAR_LETTERS = 40;

/** The figures, in microseconds, to a tenth. */
export interface PingSummary {
  readonly sent: number;
  readonly lost: number;
  /** Null, which JSON keeps, where nothing was answered. */
  readonly roundTripUs: {
    readonly minimum: number;
    readonly median: number;
    readonly p99: number;
    readonly maximum: number;
  } | null;
  /** Powers of two, from the first that has a round trip to the last that has one. */
  readonly histogram: readonly {
    readonly fromUs: number;
    readonly belowUs: number;
    readonly count: number;
  }[];
}

/** The figures of some round trips. */
export function summarize(roundTripsMs: readonly number[], lost: number): PingSummary {
  const sent = roundTripsMs.length + lost;
  const sorted = Float64Array.from(roundTripsMs, (ms) => Math.round(ms * 10_000) / 10).sort();
  if (sorted.length === 0) return { sent, lost, roundTripUs: null, histogram: [] };
  // The nearest rank: a round trip that there was.
  const quantile = (q: number): number =>
    sorted[Math.max(1, Math.ceil(q * sorted.length)) - 1] ?? 0;
  const roundTripUs = {
    minimum: quantile(0),
    median: quantile(0.5),
    p99: quantile(0.99),
    maximum: quantile(1),
  };
  return { sent, lost, roundTripUs, histogram: histogramOf(sorted) };
}

/** The figures as text, some lines. */
export function pingText({ sent, lost, roundTripUs, histogram }: PingSummary): string {
  const counts = `${sent} rings: ${sent - lost} answered, ${lost} lost\n`;
  if (roundTripUs === null) return counts;
  const { minimum, median, p99, maximum } = roundTripUs;
  const figures = `minimum ${duration(minimum)}, median ${duration(median)}, p99 ${duration(p99)}, maximum ${duration(maximum)}`;
  const most = Math.max(...histogram.map(({ count }) => count));
  const rows = histogram.map(({ fromUs, belowUs, count }) => {
    const bar = '#'.repeat(Math.ceil((count / most) * BAR_LETTERS));
    return `${`${fromUs}–${belowUs}`.padStart(17)} µs  ${bar.padEnd(BAR_LETTERS)}  ${count}\n`;
  });
  return `${counts}round trip: ${figures}\n${rows.join('')}`;
}

function histogramOf(sortedUs: Float64Array): PingSummary['histogram'] {
  const counts = new Map<number, number>();
  for (const us of sortedUs) counts.set(bucketOf(us), (counts.get(bucketOf(us)) ?? 0) + 1);
  const buckets = [...counts.keys()];
  const [first = 0, last = first] = [buckets.at(0), buckets.at(-1)];
  return Array.from({ length: last - first + 1 }, (_, index) => {
    const bucket = first + index;
    const fromUs = bucket === 0 ? 0 : 2 ** bucket;
    return { fromUs, belowUs: 2 ** (bucket + 1), count: counts.get(bucket) ?? 0 };
  });
}

// 0 has what is below 2 µs.
function bucketOf(us: number): number {
  return Math.floor(Math.log2(Math.max(us, 1)));
}

function duration(us: number): string {
  const [value, unit] =
    us < 1_000 ? [us, 'µs'] : us < 1_000_000 ? [us / 1_000, 'ms'] : [us / 1_000_000, 's'];
  return `${Number(value.toPrecision(3))} ${unit}`;
}

// Pairs measured: ours and C in turn, so that whatever else the machine does happens to both.
import type { Pair, Scene } from './pair.js';
import { compile, runBaseline, runOurs } from './program.js';

/** What came of one pair. Times are nanoseconds for one operation, medians over the rounds. */
export interface Result {
  readonly name: string;
  readonly what: string;
  readonly against: string;
  readonly operations: number;
  readonly rounds: number;
  readonly ours: number;
  readonly c: number;
  /** The median of the rounds' ratios, and how far they spread. */
  readonly ratio: number;
  readonly lowest: number;
  readonly highest: number;
  readonly atMost: number;
  readonly isWithin: boolean;
}

/** How to measure. */
export interface MeasureOptions extends Omit<Scene, 'operations'> {
  readonly rounds: number;
  readonly isQuick: boolean;
  /** Where compiled programs may lie. */
  readonly directory: string;
}

interface Round {
  readonly ours: number;
  readonly c: number;
}

/** Measures one pair; every other round begins with C. */
export async function measure(name: string, pair: Pair, options: MeasureOptions): Promise<Result> {
  const { socket, memory, rounds, isQuick, directory } = options;
  const operations = isQuick ? pair.quickOperations : pair.operations;
  const scene: Scene = { socket, memory, operations };
  const program = await compile(name, directory);
  const times: Round[] = [];
  for (let round = 0; round < rounds; round += 1) {
    const early = round % 2 === 0 ? undefined : await runBaseline(program, scene);
    const ours = await runOurs(name, pair, scene);
    times.push({ ours, c: early ?? (await runBaseline(program, scene)) });
  }
  return { name, operations, ...summary(pair, times) };
}

function summary({ what, against, atMost }: Pair, times: readonly Round[]) {
  const ratios = times.map(({ ours, c }) => ours / c);
  const ratio = median(ratios);
  return {
    what,
    against,
    rounds: times.length,
    ours: median(times.map(({ ours }) => ours)),
    c: median(times.map(({ c }) => c)),
    ratio,
    lowest: Math.min(...ratios),
    highest: Math.max(...ratios),
    atMost,
    isWithin: ratio <= atMost,
  };
}

function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.slice(
    Math.floor((sorted.length - 1) / 2),
    Math.floor(sorted.length / 2) + 1,
  );
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}

// Pairs measured: ours and the other in turn, so that whatever else the machine does happens to both.
import { join } from 'node:path';
import { Server } from 'ivshmem';
import type { Figures, Pair, ProgramPair, Row, Stage, Unit } from './pair.js';
import { compile, runBaseline, runOurs } from './program.js';

/** What came of one row: medians over the rounds. */
export interface Result {
  /** The pair's. */
  readonly name: string;
  readonly what: string;
  readonly against: string;
  readonly unit: Unit;
  readonly rounds: number;
  readonly ours: number;
  /** What it stands beside. */
  readonly other: number;
  /** The median of the rounds' ratios, and how far they spread. */
  readonly ratio: number;
  readonly lowest: number;
  readonly highest: number;
  readonly atMost: number;
  readonly isWithin: boolean;
}

const PROGRAM_ROUNDS = 11;
const QUICK_ROUNDS = 2;
const MEMORY_BYTES = 64 * 1024 ** 2;

type Side = () => Promise<Figures>;

interface Round {
  readonly ours: Figures;
  readonly other: Figures;
}

/** Measures one pair: a result for each of its rows. */
export async function measure(name: string, pair: Pair, stage: Stage): Promise<Result[]> {
  if ('operations' in pair) return measureProgram(name, pair, stage);
  const rounds = await alternate(
    stage.isQuick ? 1 : pair.rounds,
    () => pair.ours(stage),
    () => pair.baseline(stage),
  );
  return pair.rows.map((row, index) => ({ name, ...summary(row, index, rounds) }));
}

async function measureProgram(name: string, pair: ProgramPair, stage: Stage): Promise<Result[]> {
  const { directory, isQuick } = stage;
  const socket = join(directory, `${name}.sock`);
  await using server = await Server.listen({ socket, size: MEMORY_BYTES, vectors: 1 });
  const operations = isQuick ? pair.quickOperations : pair.operations;
  const scene = { socket, memory: server.memory.path, operations };
  const program = await compile(name, directory);
  const rounds = await alternate(
    isQuick ? QUICK_ROUNDS : PROGRAM_ROUNDS,
    async () => [await runOurs(name, pair, scene)],
    async () => [await runBaseline(program, scene)],
  );
  return [{ name, ...summary(pair, 0, rounds) }];
}

// Every other round begins with the other one.
async function alternate(count: number, ours: Side, other: Side): Promise<Round[]> {
  const rounds: Round[] = [];
  for (let round = 0; round < count; round += 1) {
    const early = round % 2 === 0 ? undefined : await other();
    const figures = await ours();
    rounds.push({ ours: figures, other: early ?? (await other()) });
  }
  return rounds;
}

function summary({ what, against, unit = 'ns', atMost }: Row, row: number, rounds: Round[]) {
  const oursOf = rounds.map(({ ours }) => ours[row] ?? NaN);
  const otherOf = rounds.map(({ other }) => other[row] ?? NaN);
  const ratios = oursOf.map((ours, round) => ours / (otherOf[round] ?? NaN));
  const ratio = median(ratios);
  return {
    what,
    against,
    unit,
    rounds: rounds.length,
    ours: median(oursOf),
    other: median(otherOf),
    ratio,
    lowest: Math.min(...ratios),
    highest: Math.max(...ratios),
    atMost,
    isWithin: ratio <= atMost,
  };
}

/** The middle one, or the mean of the two in the middle. */
export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.slice(
    Math.floor((sorted.length - 1) / 2),
    Math.floor(sorted.length / 2) + 1,
  );
  return middle.reduce((sum, value) => sum + value, 0) / middle.length;
}

/**
 * Runs one compiled test file in a process of its own and tells how it went.
 *
 * Rule 1: a file passes only if it exits with 0, in time, with at least one assertion and none
 * failed; anything else is at least one failure.
 * Rule 2: the file's process group ends with it: what a test started and forgot is killed.
 */
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { tally } from './tally.js';

export interface FileResult {
  readonly passed: number;
  /** One text for each failure, with its details. */
  readonly failures: readonly string[];
  /** One reason for each skipped test. */
  readonly skips: readonly string[];
  /** What the file printed besides TAP: standard error, and stray lines of standard output. */
  readonly output: string;
}

export interface RunOptions {
  readonly timeoutMs: number;
  /** Arguments for node itself, such as `--import=…`. */
  readonly nodeArgs?: readonly string[];
  /** Where V8 writes its coverage; without it none is taken. */
  readonly coverageDirectory?: string | undefined;
  /** Turns every skip into a failure. */
  readonly noSkip?: boolean;
}

const alarmGraceMs = 5_000;

/** Runs `file`; never rejects because of what the file does. */
export async function runFile(file: string, options: RunOptions): Promise<FileResult> {
  const child = spawn(process.execPath, [...(options.nodeArgs ?? []), file], {
    detached: true, // a process group of its own
    env: environment(options),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  running.add(child);
  const deadline = startDeadline(child, options.timeoutMs);
  const results = Promise.all([tally(child.stdout), text(child.stderr), once(child, 'close')]);
  const [code, signal] = (await once(child, 'exit')) as [number | null, NodeJS.Signals | null];
  killGroup(child);
  const [counts, stderr] = await results;
  running.delete(child);

  const failures = [...counts.failures];
  if (options.noSkip) failures.push(...counts.skips.map((reason) => `skipped: ${reason}`));
  if (deadline.clear()) failures.push(`timed out after ${options.timeoutMs / 1000} s`);
  else if (signal !== null) failures.push(`killed by ${signal}`);
  else if (failures.length === 0) failures.push(...verdict(counts.defect, code));
  const skips = options.noSkip ? [] : counts.skips;
  return { passed: counts.passed, failures, skips, output: stderr + counts.stray };
}

/** What is wrong with a file although nothing in it failed, if anything is. */
function verdict(defect: string | undefined, code: number | null): string[] {
  const parts = [defect, code === 0 ? undefined : `exited with ${code}`];
  const text = parts.filter((part) => part !== undefined).join(', ');
  return text === '' ? [] : [text];
}

/** Kills every file that runs, with all it started: for a runner that must end. */
export function killAll(): void {
  for (const child of running) killGroup(child);
}

const running = new Set<ChildProcess>();

/** The environment, without what a surrounding tap or coverage run has put there. */
function environment({ coverageDirectory, noSkip, timeoutMs }: RunOptions): NodeJS.ProcessEnv {
  const inherited = Object.entries(process.env).filter(
    ([name]) => !/^(TAP|TAP_.*|NODE_V8_COVERAGE)$/.test(name),
  );
  return {
    ...Object.fromEntries(inherited),
    TAP_TIMEOUT: String(timeoutMs / 1000),
    ...(coverageDirectory === undefined ? {} : { NODE_V8_COVERAGE: coverageDirectory }),
    ...(noSkip ? { TAP_FAIL_SKIP: '1' } : {}),
  };
}

/** SIGALRM makes tap print what still runs; a process that is stuck gets SIGKILL. */
function startDeadline(child: ChildProcess, timeoutMs: number): { clear: () => boolean } {
  let isOver = false;
  const alarm = setTimeout(() => {
    isOver = true;
    child.kill('SIGALRM');
  }, timeoutMs);
  const kill = setTimeout(() => killGroup(child), timeoutMs + alarmGraceMs);
  const clear = (): boolean => {
    clearTimeout(alarm);
    clearTimeout(kill);
    return isOver;
  };
  child.once('exit', clear);
  return { clear };
}

function killGroup({ pid }: ChildProcess): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // ESRCH: the group is empty, as it should be
  }
}

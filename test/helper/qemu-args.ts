// `ivshmem qemu-args` as a program, and what a shell makes of its words.
import { execFileSync } from 'node:child_process';
import { ivshmem, run, type Ended } from './command.js';
import type { Scope } from './temp.js';

/** Runs it to its end; `words` are what stands behind its name. */
export function runQemuArgs(t: Scope, ...words: string[]): Promise<Ended> {
  return run(t, [...ivshmem, 'qemu-args', ...words]);
}

/** The words for a QEMU's command line, as a shell gives them on when the output is pasted. */
export async function pastedWords(t: Scope, ...words: string[]): Promise<string[]> {
  const { code, stdout, stderr } = await runQemuArgs(t, ...words);
  if (code !== 0) throw new Error(`it ended with ${code}: ${stderr}`);
  return shellSplit(stdout.trimEnd());
}

/** The words that a shell makes of a line. */
export function shellSplit(line: string): string[] {
  const words = execFileSync('sh', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' });
  return words.split('\0').slice(0, -1);
}

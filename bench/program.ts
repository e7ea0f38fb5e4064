// The programs of a pair: compiled, started, waited for.
//
// Rule 1: nothing outlives the round: who fails takes the other one along.
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { ProgramPair, Role, Scene } from './pair.js';

const run = promisify(execFile);
const sources = fileURLToPath(new URL('../../bench', import.meta.url));
const side = fileURLToPath(new URL('side.js', import.meta.url));
const ROUND_TIMEOUT_MS = 120_000;
const compiled = new Map<string, Promise<string>>();

/** Compiles NAME.c into the directory, once, under another name if that is wanted; resolves with its path. */
export function compile(name: string, directory: string, as = name): Promise<string> {
  const program = join(directory, as);
  const known = compiled.get(program) ?? compileTo(program, name);
  compiled.set(program, known);
  return known;
}

async function compileTo(program: string, name: string): Promise<string> {
  await run('cc', ['-O2', '-o', program, join(sources, `${name}.c`)]);
  return program;
}

/** One round of C: nanoseconds for one operation. */
export async function runBaseline(program: string, scene: Scene): Promise<number> {
  const args = [String(scene.operations), scene.memory];
  const { stdout } = await run(program, args, { timeout: ROUND_TIMEOUT_MS });
  return Number(stdout);
}

/** One round of ours. */
export async function runOurs(name: string, pair: ProgramPair, scene: Scene): Promise<number> {
  const roles: Role[] = pair.partner ? ['ours', 'partner'] : ['ours'];
  const end = new AbortController();
  const start = (role: Role): Promise<{ stdout: string }> =>
    run(process.execPath, [side, name, role, JSON.stringify(scene)], {
      timeout: ROUND_TIMEOUT_MS,
      signal: end.signal,
    });
  try {
    const [ours] = await Promise.all(roles.map(start));
    return Number(ours?.stdout);
  } finally {
    end.abort();
  }
}

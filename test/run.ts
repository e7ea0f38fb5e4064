/**
 * The runner behind `npm test`:
 *
 *   node dist/test/run.js [--no-qemu] [--no-coverage] [--summary] [--output] [--jobs=N] [--timeout=S] [PART…]
 *
 * Rule 1: the source tree says which files are tests, so that stale output never runs.
 * Rule 2: each file runs in a process of its own, behind the descriptor gate.
 * Rule 3: the complete suite must cover `native/` and `src/protocol/` completely.
 */
import { readdirSync, rmSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { findGaps } from './helper/coverage.js';
import { killAll, runFile, type FileResult } from './helper/run-file.js';

const root = resolve(import.meta.dirname, '../..');
const coverageRoot = join(root, 'dist/coverage');
const gated = ['native', 'src/protocol'];
const noSkip = process.env['IVSHMEM_TEST_NO_SKIP'] === '1';

const { values: flags, positionals: parts } = parseArgs({
  allowPositionals: true,
  options: {
    'no-qemu': { type: 'boolean', default: false },
    'no-coverage': { type: 'boolean', default: false },
    summary: { type: 'boolean', default: false },
    // What test files print, of those that pass, too.
    output: { type: 'boolean', default: false },
    jobs: { type: 'string', default: '2' },
    timeout: { type: 'string', default: '600' },
  },
});
const takesCoverage = !flags['no-coverage'] && parts.length === 0;

process.chdir(root);
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, stop);
process.exitCode = await main();

async function main(): Promise<number> {
  const files = testFiles();
  if (files.length === 0) {
    console.error(`no test file matches ${parts.join(', ')}`);
    return 2;
  }
  rmSync(coverageRoot, { force: true, recursive: true });
  const results = await runAll(files);
  const gaps = takesCoverage ? await reportGaps() : 0;
  return conclude(results, gaps);
}

function testFiles(): string[] {
  return readdirSync('test', { encoding: 'utf8', recursive: true })
    .filter((name) => name.endsWith('.test.ts'))
    .map((name) => join('test', name))
    .filter((file) => !(flags['no-qemu'] && /^test\/(qemu|guest)\//.test(file)))
    .filter((file) => parts.length === 0 || parts.some((part) => file.includes(part)))
    .sort();
}

/** Runs the files, a few at a time, and reports each when it is done. */
async function runAll(files: readonly string[]): Promise<FileResult[]> {
  const results: FileResult[] = [];
  const queue = files.values();
  const work = async (): Promise<void> => {
    for (const file of queue) {
      const start = performance.now();
      const result = await runOne(file);
      report(file, result, performance.now() - start);
      results.push(result);
    }
  };
  await Promise.all(Array.from({ length: Number(flags.jobs) }, work));
  return results;
}

function runOne(file: string): Promise<FileResult> {
  const isCovered = takesCoverage && gated.some((name) => file.startsWith(testsOf(name)));
  return runFile(join(root, 'dist', file.replace(/\.ts$/, '.js')), {
    coverageDirectory: isCovered ? join(coverageRoot, 'raw') : undefined,
    nodeArgs: ['--enable-source-maps', '--import', new URL('helper/gate.js', import.meta.url).href],
    noSkip,
    timeoutMs: Number(flags.timeout) * 1000,
  });
}

function testsOf(directory: string): string {
  return `${directory.replace(/^(src\/)?/, 'test/')}/`;
}

function report(file: string, { passed, failures, skips, output }: FileResult, ms: number): void {
  const verdict = failures.length === 0 ? 'ok    ' : 'FAILED';
  const skipped = skips.length === 0 ? '' : `, ${skips.length} skipped`;
  console.log(`${verdict} ${file}: ${passed} passed${skipped} (${(ms / 1000).toFixed(1)} s)`);
  if (failures.length === 0) {
    if (flags.output && output.trim() !== '') console.log(indent(output.trim(), '      '));
    return;
  }
  for (const failure of failures) console.log(indent(failure, '    - '));
  if (output.trim() !== '') console.log(indent(`output:\n${output.trim()}`, '      '));
}

function indent(text: string, first: string): string {
  return first + text.replaceAll('\n', '\n      ');
}

async function reportGaps(): Promise<number> {
  const gaps = await findGaps({
    gated,
    rawDirectory: join(coverageRoot, 'raw'),
    reportDirectory: coverageRoot,
    root,
  });
  for (const { file, missing } of gaps) console.log(`FAILED coverage of ${file}: ${missing}`);
  if (gaps.length === 0) console.log(`ok     coverage of ${gated.join(', ')}: 100 %`);
  return gaps.length;
}

/** Prints the counts and the way to skip less; returns the exit code. */
function conclude(results: readonly FileResult[], gaps: number): number {
  const passed = results.reduce((sum, result) => sum + result.passed, 0);
  const failed = results.reduce((sum, result) => sum + result.failures.length, gaps);
  const skips = results.flatMap((result) => result.skips);
  const remedies = skips.flatMap((reason) => reason.split('; ')[1]?.split(' && ') ?? []);
  const cures = [...new Set(remedies)].join(' && ') || [...new Set(skips)].join(', ');
  const lines = [`${passed} passed, ${failed} failed, ${skips.length} skipped`];
  if (skips.length > 0) lines.push(`${skips.length} skipped: ${cures}`);
  if (flags.summary) lines.reverse();
  console.log(`\n${lines.join('\n')}`);
  return failed === 0 ? 0 : 1;
}

function stop(signal: NodeJS.Signals): void {
  killAll();
  process.kill(process.pid, signal);
}

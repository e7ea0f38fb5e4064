/**
 * Finds what the tests did not reach in the directories that must be covered completely.
 *
 * Rule 1: lines (V8's statements are lines), branches and functions count; a file that no test
 * loads is a gap in itself.
 * Rule 2: there is no way to excuse a line. Only a branch without code, which V8 reports between
 * a `catch` that always leaves and its `finally`, is no gap.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join, relative } from 'node:path';
import { Report } from 'c8';

export interface Gap {
  /** The source file, relative to the root. */
  readonly file: string;
  /** What is not covered, such as `lines 3, 4; branches at 17`. */
  readonly missing: string;
}

export interface CoverageOptions {
  readonly root: string;
  /** Where V8 wrote the coverage of the test processes. */
  readonly rawDirectory: string;
  readonly reportDirectory: string;
  /** Source directories, relative to the root; compiled to the same place under `dist/`. */
  readonly gated: readonly string[];
}

interface Point {
  readonly line: number;
  readonly column: number;
}

interface Span {
  readonly start: Point;
  readonly end: Point;
}

/** One file of istanbul's `coverage-final.json`. */
interface FileCoverage {
  readonly s: Readonly<Record<string, number>>;
  readonly f: Readonly<Record<string, number>>;
  readonly b: Readonly<Record<string, readonly number[]>>;
  readonly statementMap: Readonly<Record<string, Span>>;
  readonly fnMap: Readonly<Record<string, { readonly name: string; readonly loc: Span }>>;
  readonly branchMap: Readonly<Record<string, { readonly locations: readonly Span[] }>>;
}

/** The gaps of all gated files, in order of their names; none is what one wants. */
export async function findGaps(options: CoverageOptions): Promise<Gap[]> {
  const coverage = await loadCoverage(options);
  return options.gated
    .flatMap((directory) => sourceFiles(options.root, directory))
    .filter((file) => hasCode(options.root, file))
    .map((file) => {
      const source = readFileSync(join(options.root, file), 'utf8').split('\n');
      return { file, missing: missingIn(source, coverage.get(file)) };
    })
    .filter(({ missing }) => missing !== '');
}

async function loadCoverage(options: CoverageOptions): Promise<Map<string, FileCoverage>> {
  const { root, rawDirectory, reportDirectory, gated } = options;
  if (!existsSync(rawDirectory)) return new Map();
  await new Report({
    exclude: [],
    // c8 takes patterns relative to the working directory
    include: gated.map((directory) => `${relative('', join(root, 'dist', directory))}/**`),
    reporter: ['json'],
    reportsDirectory: reportDirectory,
    resolve: '',
    tempDirectory: rawDirectory,
  }).run();
  const json = readFileSync(join(reportDirectory, 'coverage-final.json'), 'utf8');
  const files = Object.entries(JSON.parse(json) as Record<string, FileCoverage>);
  return new Map(files.map(([path, coverage]) => [relative(root, path), coverage]));
}

function sourceFiles(root: string, directory: string): string[] {
  if (!existsSync(join(root, directory))) return [];
  return readdirSync(join(root, directory), { encoding: 'utf8', recursive: true })
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
    .map((name) => join(directory, name))
    .sort();
}

/** A file of types alone leaves nothing to load: imports of it vanish, and so does its coverage. */
function hasCode(root: string, file: string): boolean {
  const compiled = join(root, 'dist', file.replace(/\.ts$/, '.js'));
  if (!existsSync(compiled)) return true;
  const bare = readFileSync(compiled, 'utf8')
    .replace(/\/\*[^]*?\*\/|\/\/.*/g, '')
    .trim();
  return bare !== '' && bare !== 'export {};';
}

function missingIn(source: readonly string[], coverage: FileCoverage | undefined): string {
  if (coverage === undefined) return 'never loaded by a test';
  const { s, f, b, statementMap, fnMap, branchMap } = coverage;
  const lines = unreached(s).map((id) => statementMap[id]?.start.line);
  const functions = unreached(f).map((id) => `${fnMap[id]?.name} at ${fnMap[id]?.loc.start.line}`);
  const branches = Object.entries(b)
    .flatMap(([id, counts]) =>
      unreached(counts).flatMap((index) => branchMap[id]?.locations[Number(index)] ?? []),
    )
    .filter((span) => !isFinally(source, span))
    .map(({ start }) => start.line);
  return [list('lines', lines), list('functions', functions), list('branches at', branches)]
    .filter(Boolean)
    .join('; ');
}

function isFinally(source: readonly string[], { start, end }: Span): boolean {
  const line = source[start.line - 1] ?? '';
  return start.line === end.line && line.slice(start.column, end.column).trim() === 'finally {';
}

function unreached(counts: Readonly<Record<string, number>> | readonly number[]): string[] {
  return Object.entries(counts).flatMap(([id, count]) => (count === 0 ? [id] : []));
}

function list(title: string, items: readonly unknown[]): string {
  return items.length === 0 ? '' : `${title} ${[...new Set(items)].join(', ')}`;
}

// What people read: aligned columns, numbers to the right.
import type { Result } from './measure.js';

const heading = ['', 'against C', 'ours', 'C', 'ratio', 'spread', 'at most', ''];
const NUMBERS_FROM = 2;

/** The table of these results, without a line feed at its end. */
export function table(results: readonly Result[]): string {
  const rows = [heading, ...results.map(cells)];
  const widths = heading.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) => align(row, widths)).join('\n');
}

function cells({ what, against, ours, c, ratio, lowest, highest, atMost, isWithin }: Result) {
  return [
    what,
    against,
    duration(ours),
    duration(c),
    ratio.toFixed(2),
    `${lowest.toFixed(2)}–${highest.toFixed(2)}`,
    atMost.toFixed(2),
    isWithin ? 'ok' : 'missed',
  ];
}

function align(row: readonly string[], widths: readonly number[]): string {
  return row
    .map((cell, column) => {
      const width = widths[column] ?? 0;
      const isNumber = column >= NUMBERS_FROM && column < row.length - 1;
      return isNumber ? cell.padStart(width) : cell.padEnd(width);
    })
    .join('  ')
    .trimEnd();
}

function duration(nanoseconds: number): string {
  if (nanoseconds < 1e3) return `${nanoseconds.toFixed(0)} ns`;
  if (nanoseconds < 1e6) return `${(nanoseconds / 1e3).toFixed(2)} µs`;
  return `${(nanoseconds / 1e6).toFixed(2)} ms`;
}

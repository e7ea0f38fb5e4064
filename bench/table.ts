// What people read: aligned columns, numbers to the right.
import type { Result } from './measure.js';
import type { Unit } from './pair.js';

const heading = ['', 'against', 'ours', 'other', 'ratio', 'spread', 'at most', ''];
const NUMBERS_FROM = 2;

/** The table of these results, without a line feed at its end. */
export function table(results: readonly Result[]): string {
  const rows = [heading, ...results.map(cells)];
  const widths = heading.map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  return rows.map((row) => align(row, widths)).join('\n');
}

function cells(result: Result) {
  const { what, against, unit, ours, other, ratio, lowest, highest, atMost, isWithin } = result;
  return [
    what,
    against,
    figure(ours, unit),
    figure(other, unit),
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

function figure(value: number, unit: Unit): string {
  if (unit === 'bytes') return `${(value / 1024 ** 2).toFixed(1)} MiB`;
  if (value < 1e3) return `${value.toFixed(0)} ns`;
  if (value < 1e6) return `${(value / 1e3).toFixed(2)} µs`;
  if (value < 1e9) return `${(value / 1e6).toFixed(2)} ms`;
  return `${(value / 1e9).toFixed(2)} s`;
}

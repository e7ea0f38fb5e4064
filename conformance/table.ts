// What people read: a row for each check, a column for each server.
//
// Rule 1: colour is for terminals, and for those who want it: https://no-color.org
import { styleText } from 'node:util';
import type { Verdict } from './judge.js';

/** What became of each server in one check, by the servers' names. */
export interface Row {
  readonly name: string;
  readonly what: string;
  readonly verdicts: Readonly<Record<string, Verdict>>;
}

export interface TableOptions {
  readonly isColoured: boolean;
}

/** The table, without a line feed at its end. */
export function table(rows: readonly Row[], { isColoured }: TableOptions): string {
  const servers = Object.keys(rows[0]?.verdicts ?? {});
  const lines = [
    ['check', 'what is done', ...servers],
    ...rows.map(({ name, what, verdicts }) => [name, what, ...Object.values(verdicts).map(text)]),
  ];
  const widths = (lines[0] ?? []).map((_, column) =>
    Math.max(...lines.map((line) => line[column]?.length ?? 0)),
  );
  const aligned = lines.map((line) => line.map((cell, column) => cell.padEnd(widths[column] ?? 0)));
  return aligned.map((line) => paint(line, isColoured).join('  ').trimEnd()).join('\n');
}

/** `works`, `dies: SIGABRT`. */
export function text({ verdict, how }: Verdict): string {
  if (how === undefined) return verdict;
  return verdict === 'works' ? `${verdict} (${how})` : `${verdict}: ${how}`;
}

const VERDICTS_FROM = 2;

function paint(line: readonly string[], isColoured: boolean): readonly string[] {
  if (!isColoured) return line;
  return line.map((cell, column) => {
    if (column < VERDICTS_FROM) return cell;
    if (/^works\b/.test(cell)) return styleText('green', cell, { validateStream: false });
    return /^(fails|hangs|dies):/.test(cell)
      ? styleText('red', cell, { validateStream: false })
      : cell;
  });
}

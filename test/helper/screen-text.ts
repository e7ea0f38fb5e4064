// A screen as the text that is on it.
import type { Line } from '../../src/cli/top/line.js';

/** The lines, without the spaces at their ends. */
export function screenText(lines: readonly Line[]): string[] {
  return lines.map((line) => lineText(line).trimEnd());
}

/** A line with all its spaces. */
export function lineText(line: Line): string {
  return line.map(({ text }) => text).join('');
}

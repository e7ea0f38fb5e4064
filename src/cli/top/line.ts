// A line of the screen, before anybody paints it.
//
// Rule 1: whatever is on the screen came through `cellText`: no text of somebody else's steers the terminal.
// Rule 2: colour says nothing that a word or a sign does not say, too.
import termkit from 'terminal-kit';
import { printable } from '../../protocol/printable.js';

/** How a piece of a line looks. */
export type Style = 'plain' | 'bold' | 'dim' | 'bar' | 'bad' | 'warning' | 'rings';

/** A piece of a line. */
export interface Span {
  readonly text: string;
  readonly style: Style;
}

/** From left to right; what is too long is cut off where the screen ends. */
export type Line = readonly Span[];

/** A piece of a line, with nothing in it that is not for cells. */
export function span(text: string, style: Style = 'plain'): Span {
  return { text: cellText(text), style };
}

/** What is for printing, and fills cells: a mark that makes no letter with the one before it is a `\ufffd`. */
export function cellText(text: string): string {
  // The screen keeps a cell for each mark, and the terminal moves on for none.
  return printable(text).normalize('NFC').replaceAll(/\p{M}/gu, '\ufffd');
}

/** The columns that a text takes on a terminal. */
export function widthOf(text: string): number {
  return termkit.stringWidth(text);
}

/** A text in exactly so many columns. */
export function fit(text: string, width: number, side: 'left' | 'right' = 'left'): string {
  const cut = widthOf(text) > width ? `${termkit.truncateString(text, width - 1)}…` : text;
  const padding = ' '.repeat(Math.max(0, width - widthOf(cut)));
  return side === 'left' ? cut + padding : padding + cut;
}

/** As many pieces as there is room for, two spaces between them; the first ones are the last to go. */
export function joinThatFit(spans: readonly Span[], columns: number): Line {
  const line: Span[] = [];
  let used = 0;
  for (const piece of spans) {
    const gap = line.length > 0 ? 2 : 0;
    const width = gap + widthOf(piece.text);
    if (line.length > 0 && used + width > columns) break;
    if (gap > 0) line.push(span(' '.repeat(gap)));
    line.push(piece);
    used += width;
  }
  return line;
}

// The whole screen as lines.
//
// Rule 1: what is known is seen at any size: small screens lose events, then the VMs that are away, then
//         what tells the least; at least one peer stays.
import type { RegionStatus } from '../../control/status.js';
import { awayLine, regionLine, regionsLine, serverLine } from './heading.js';
import { helpLines } from './help.js';
import { fit, joinThatFit, span, type Line } from './line.js';
import { inOrder } from './peer-order.js';
import { peerTable } from './peer-table.js';
import { regionIn, type Page, type Scene, type Size, type View } from './scene.js';

// Enough for the rest, an event or two, and a list that is a list.
const ROWS_FOR_EVENTS = 20;
const ROWS_FOR_AWAY = 8;

/** What is on the screen, and what part of the list that is. */
export interface Screen {
  readonly lines: readonly Line[];
  readonly page: Page;
}

/** The screen for what is known and wanted; never more lines than it has rows. */
export function screenOf(scene: Scene, view: View, size: Size): Screen {
  const region = regionIn(scene, view);
  const above = aboveOf(scene, region, size);
  const below = region ? belowOf(scene, region, size) : [];
  const rows = Math.max(1, size.rows - above.length - below.length - 2);
  const count = region?.peers.length ?? 0;
  const page = { top: Math.max(0, Math.min(view.top, count - rows)), rows, count };
  const footer = footerOf(view, page, size);
  if (view.isHelp) return { lines: endWith(footer, helpLines, size), page };
  const list = region ? listOf(region, view, page, size) : [];
  const gap = Array.from({ length: rows + 1 - list.length }, (): Line => []);
  return { lines: endWith(footer, [...above, ...list, ...gap, ...below], size), page };
}

function aboveOf({ look, rates, failure }: Scene, region: RegionStatus | undefined, size: Size) {
  const { columns } = size;
  const lines = [serverLine(look, rates, columns)];
  if (failure !== undefined) lines.push([span(fit(`! ${failure}`, columns), 'bad')]);
  if (region === undefined) return [...lines, [span('no regions')]];
  const { status } = look;
  if (status.regions.length > 1) lines.push(regionsLine(status, region, columns));
  return [...lines, regionLine(region, columns)];
}

function listOf(region: RegionStatus, view: View, { top, rows }: Page, { columns }: Size): Line[] {
  const { heading, lineOf } = peerTable(region.peers, columns);
  const peers = inOrder(region.peers, view.order).slice(top, top + rows);
  const nobody: Line[] = region.peers.length === 0 ? [[span('nobody is there', 'dim')]] : [];
  return [heading, ...nobody, ...peers.map(lineOf)];
}

function belowOf(scene: Scene, region: RegionStatus, { columns, rows }: Size): Line[] {
  const away = rows >= ROWS_FOR_AWAY ? awayLine(region, columns) : undefined;
  const tail = rows >= ROWS_FOR_EVENTS ? eventLines(scene).slice(-Math.floor(rows / 6)) : [];
  return away === undefined ? tail : [away, ...tail];
}

function eventLines({ events, eventsFailure }: Scene): Line[] {
  const lines = events.map((event): Line => [span(event, 'dim')]);
  if (eventsFailure === undefined) return lines;
  return [...lines, [span(`! no events: ${eventsFailure}`, 'warning')]];
}

function footerOf(view: View, { top, rows, count }: Page, { columns }: Size): Line {
  const last = Math.min(top + rows, count);
  const pieces = [
    ...(view.isPaused ? ['PAUSED'] : []),
    ...(count > rows ? [`${top + 1}–${last} of ${count}`] : []),
    'q quit',
    '? help',
    `s sort: ${view.order}`,
    'p pause',
  ];
  const text = joinThatFit(
    pieces.map((piece) => span(piece)),
    columns,
  );
  return [span(fit(text.map((piece) => piece.text).join(''), columns), 'bar')];
}

function endWith(footer: Line, lines: readonly Line[], { rows }: Size): Line[] {
  return [...lines.slice(0, rows - 1), footer];
}

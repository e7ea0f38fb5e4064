// The peers of a region as lines of a table.
//
// Rule 1: columns are as wide as the widest peer of all needs, not of those on the screen: scrolling
//         moves no column.
// Rule 2: where there is no room for all columns, those go that tell the least about what is stuck.
import type { PeerStatus } from '../../control/status.js';
import { cellText, fit, span, widthOf, type Line } from './line.js';
import { durationText } from '../duration.js';
import { compactText } from './number-text.js';
import { troubleOf, waitingSum } from './trouble.js';

interface Column {
  readonly title: string;
  readonly textOf: (peer: PeerStatus) => string;
  readonly side?: 'left' | 'right';
  readonly most: number;
  /** The lowest goes first. */
  readonly worth: number;
}

const columns: readonly Column[] = [
  { title: ' ', textOf: (peer) => troubleOf(peer)?.sign ?? '', most: 1, worth: 9 },
  { title: 'ID', textOf: ({ id }) => String(id), side: 'right', most: 5, worth: 9 },
  { title: 'VM', textOf: vmOf, most: 12, worth: 6 },
  { title: 'PROCESS', textOf: processOf, most: 15, worth: 5 },
  { title: 'PID', textOf: pidOf, side: 'right', most: 7, worth: 3 },
  { title: 'USER', textOf: userOf, most: 8, worth: 1 },
  { title: 'AGE', textOf: ageOf, side: 'right', most: 6, worth: 2 },
  {
    title: 'UNREAD',
    textOf: ({ unread }) => compactText(unread),
    side: 'right',
    most: 6,
    worth: 4,
  },
  { title: 'STATE', textOf: (peer) => troubleOf(peer)?.word ?? 'ok', most: 7, worth: 8 },
  { title: 'WAITING', textOf: waitingText, most: 26, worth: 7 },
];

/** A heading, and one line for each peer in the order given. */
export interface PeerTable {
  readonly heading: Line;
  readonly lineOf: (peer: PeerStatus) => Line;
}

/** The table for these peers on a screen of so many columns. */
export function peerTable(peers: readonly PeerStatus[], screenColumns: number): PeerTable {
  const shown = chosenColumns(peers, screenColumns);
  const row = (textOf: (column: Column) => string): string =>
    shown.map(({ column, width }) => fit(textOf(column), width, column.side)).join(' ');
  return {
    heading: [
      span(
        fit(
          row(({ title }) => title),
          screenColumns,
        ),
        'bar',
      ),
    ],
    lineOf: (peer) => [
      span(
        row(({ textOf }) => textOf(peer)),
        troubleOf(peer)?.style,
      ),
    ],
  };
}

interface ChosenColumn {
  readonly column: Column;
  readonly width: number;
}

function chosenColumns(peers: readonly PeerStatus[], screenColumns: number): ChosenColumn[] {
  let chosen = columns.map((column) => ({ column, width: widthIn(peers, column) }));
  const total = (): number => chosen.reduce((sum, { width }) => sum + width + 1, -1);
  while (total() > screenColumns && chosen.length > 3) {
    const least = Math.min(...chosen.map(({ column }) => column.worth));
    chosen = chosen.filter(({ column }) => column.worth > least);
  }
  return chosen;
}

function widthIn(peers: readonly PeerStatus[], { title, textOf, most }: Column): number {
  const widest = peers.reduce((max, peer) => Math.max(max, widthOf(textOf(peer))), title.length);
  return Math.min(widest, most);
}

/** What waits, by vector if that is short: `0 3 0`, or else `900 on 17, sum 1200`. */
export function waitingText(peer: PeerStatus): string {
  const sum = waitingSum(peer);
  if (sum === 0) return '-';
  const counts = peer.doorbells.map(({ waiting }) => waiting);
  const all = counts.map(compactText).join(' ');
  if (all.length <= 16) return all;
  const most = Math.max(...counts);
  const text = `${compactText(most)} on ${counts.indexOf(most)}`;
  return most === sum ? text : `${text}, sum ${compactText(sum)}`;
}

function vmOf({ vm, isHost }: PeerStatus): string {
  return cellText(vm ?? (isHost ? '(host)' : '-'));
}

function processOf({ process }: PeerStatus): string {
  return cellText(process ?? '-');
}

function pidOf({ pid }: PeerStatus): string {
  return pid === 0 ? '-' : String(pid);
}

function userOf({ user, uid }: PeerStatus): string {
  return cellText(user ?? String(uid));
}

function ageOf({ ageSeconds }: PeerStatus): string {
  return durationText(ageSeconds);
}

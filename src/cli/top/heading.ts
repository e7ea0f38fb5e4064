// What stands above the peers: the server, its regions, and the one that is looked at.
//
// Rule 1: what stands out stands first: on a small screen the end of a line is missing.
import type { RegionStatus, ServerStatus } from '../../control/status.js';
import { printable } from '../../protocol/printable.js';
import { formatSize } from '../../server/size.js';
import { joinThatFit, span, type Line, type Span } from './line.js';
import { durationText } from '../duration.js';
import { groupedText } from './number-text.js';
import type { Look, Rates } from './rates.js';
import { rankOf, troubleOf } from './trouble.js';

const ALL_IDS = 65_536;
// The share of a limit from which on it stands out.
const NEARLY = 0.9;

/** The line of the server. */
export function serverLine(look: Look, rates: Rates | undefined, columns: number): Line {
  const { version, pid, startedAt, descriptors } = look.status;
  const { used, limit } = descriptors;
  const isScarce = used >= NEARLY * limit;
  const room = alarm(`fds ${used}/${limit}`, isScarce);
  const server = span(`ivshmem ${version}`, 'bold');
  const up = durationText((look.atMs - Date.parse(startedAt)) / 1000);
  const rest = [span(`pid ${pid}`), span(`up ${up}`)];
  const all = isScarce ? [room, server, ...rest] : [server, ...rest, room];
  return joinThatFit([...all, ...ratesOf(rates)], columns);
}

function ratesOf(rates: Rates | undefined): Span[] {
  if (rates === undefined) return [];
  const { joins, leaves } = rates;
  return [span(`joins ${joins.toFixed(1)}/s`), span(`leaves ${leaves.toFixed(1)}/s`)];
}

/** The line with the names of all regions, from the one that is looked at on, and how many others are in trouble. */
export function regionsLine(
  { regions }: ServerStatus,
  current: RegionStatus,
  columns: number,
): Line {
  const index = regions.indexOf(current);
  const others = [...regions.slice(index + 1), ...regions.slice(0, index)];
  const troubled = others.filter(isInTrouble).length;
  return joinThatFit(
    [
      span(`region ${index + 1} of ${regions.length}`),
      ...(troubled === 0 ? [] : [span(`!${troubled}`, 'bad')]),
      span(`[${current.name}]`, 'bold'),
      ...others.toSorted((a, b) => worstOf(a) - worstOf(b)).map(tabOf),
    ],
    columns,
  );
}

function worstOf({ peers }: RegionStatus): number {
  return Math.min(...peers.map(rankOf), Infinity);
}

function isInTrouble({ peers }: RegionStatus): boolean {
  return peers.some((peer) => troubleOf(peer)?.sign === '!');
}

function tabOf({ name, peers }: RegionStatus): Span {
  const [worst] = peers.toSorted((a, b) => rankOf(a) - rankOf(b));
  const trouble = worst && troubleOf(worst);
  return span(`${trouble?.sign ?? ''}${name}`, trouble?.style);
}

/** The line of the region that is looked at. */
export function regionLine(region: RegionStatus, columns: number): Line {
  const { name, memory, vectors, idsLeft, peers, label } = region;
  const isScarce = idsLeft <= (1 - NEARLY) * ALL_IDS;
  const ids = alarm(`IDs left ${groupedText(idsLeft)}`, isScarce);
  const size = span(`${memory.kind} ${formatSize(memory.sizeBytes)}`);
  const facts = [span(`peers ${peers.length}`), span(`vectors ${vectors}`), size];
  const rest = label === undefined ? [] : [span(`label ${printable(label)}`)];
  const all = isScarce ? [ids, ...facts] : [...facts, ids];
  return joinThatFit([span(name, 'bold'), ...all, ...rest], columns);
}

/** The line of the VMs that are not there; undefined if all are. */
export function awayLine({ vms }: RegionStatus, columns: number): Line | undefined {
  const away = vms.filter(({ isPresent }) => !isPresent);
  if (away.length === 0) return undefined;
  const names = away.map(({ name, id }) => span(id === undefined ? name : `${name} (ID ${id})`));
  return joinThatFit([span(`${away.length} away:`, 'dim'), ...names], columns);
}

function alarm(text: string, isAlarm: boolean): Span {
  return isAlarm ? span(`! ${text}`, 'bad') : span(text);
}

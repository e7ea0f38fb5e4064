// How many come and go, as two looks tell.
//
// Rule 1: who came and went between two looks was not seen, and is not counted.
import type { PeerStatus, ServerStatus } from '../../control/status.js';

/** A status, and when it came: milliseconds since 1970 by a clock that does not jump. */
export interface Look {
  readonly status: ServerStatus;
  readonly atMs: number;
}

/** Joins and leaves a second, over all regions. */
export interface Rates {
  readonly joins: number;
  readonly leaves: number;
}

/** What happened between two looks at one server; undefined if it is another one by now. */
export function ratesBetween(before: Look, now: Look): Rates | undefined {
  if (before.status.startedAt !== now.status.startedAt) return undefined;
  if (before.status.pid !== now.status.pid) return undefined;
  const seconds = (now.atMs - before.atMs) / 1000;
  if (seconds <= 0) return undefined;
  const [old, current] = [peersOf(before.status), peersOf(now.status)];
  return { joins: missing(current, old) / seconds, leaves: missing(old, current) / seconds };
}

function peersOf({ regions }: ServerStatus): Set<string> {
  return new Set(regions.flatMap(({ name, peers }) => peers.map((peer) => keyOf(name, peer))));
}

// A slot that was left and taken again has the same ID.
function keyOf(region: string, { id, joinedAt }: PeerStatus): string {
  return JSON.stringify([region, id, joinedAt]);
}

function missing(these: ReadonlySet<string>, those: ReadonlySet<string>): number {
  return [...these].filter((key) => !those.has(key)).length;
}

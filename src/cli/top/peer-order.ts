// In which order the peers are listed.
//
// Rule 1: every order ends with the ID, so that a list does not jump while nothing changes.
import type { PeerStatus } from '../../control/status.js';
import { rankOf, waitingSum } from './trouble.js';

type Compare = (a: PeerStatus, b: PeerStatus) => number;

const byId: Compare = (a, b) => a.id - b.id;
const nameOf = ({ vm, process = '' }: PeerStatus): string => vm ?? process;

const compares = {
  trouble: (a, b) =>
    rankOf(a) - rankOf(b) || b.unread - a.unread || waitingSum(b) - waitingSum(a) || byId(a, b),
  id: byId,
  name: (a, b) => (nameOf(a) < nameOf(b) ? -1 : nameOf(a) > nameOf(b) ? 1 : byId(a, b)),
  waiting: (a, b) => waitingSum(b) - waitingSum(a) || byId(a, b),
} as const satisfies Record<string, Compare>;

/** What peers can be sorted by. */
export type Order = keyof typeof compares;

/** The first is the one to begin with. */
export const orders = Object.keys(compares) as readonly Order[];

/** The peers in an order: the stuck first, or by ID, name, waiting rings. */
export function inOrder(peers: readonly PeerStatus[], order: Order): PeerStatus[] {
  return [...peers].sort(compares[order]);
}

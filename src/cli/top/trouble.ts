// What is wrong with a peer, and how much.
//
// Rule 1: the order of the list is the order on the screen: worst first.
import type { PeerStatus } from '../../control/status.js';
import type { Style } from './line.js';

/** One thing that may be wrong. */
export interface Trouble {
  /** What the screen says. */
  readonly word: string;
  /** At the beginning of its line. */
  readonly sign: string;
  readonly style: Style;
}

interface Kind extends Trouble {
  readonly isOf: (peer: PeerStatus) => boolean;
}

const kinds: readonly Kind[] = [
  { word: 'BLOCKED', sign: '!', style: 'bad', isOf: ({ isBlocked }) => isBlocked },
  { word: 'BEHIND', sign: '!', style: 'warning', isOf: ({ isBehind }) => isBehind },
  { word: 'UNREAD', sign: '!', style: 'warning', isOf: ({ unread }) => unread > 0 },
  { word: 'RINGS', sign: '*', style: 'rings', isOf: (peer) => waitingSum(peer) > 0 },
];

/** The worst that is wrong with a peer. */
export function troubleOf(peer: PeerStatus): Trouble | undefined {
  return kinds.find(({ isOf }) => isOf(peer));
}

/** 0 for the worst; the healthy have the highest. */
export function rankOf(peer: PeerStatus): number {
  const rank = kinds.findIndex(({ isOf }) => isOf(peer));
  return rank < 0 ? kinds.length : rank;
}

/** The rings that wait for a peer, over all its vectors. */
export function waitingSum({ doorbells }: PeerStatus): number {
  return doorbells.reduce((sum, { waiting }) => sum + waiting, 0);
}

// Rings from one peer to another, whatever kind of peer they are.
// Rule 1: a peer that joined takes in announcements a little later, so a first ring may be lost:
//   a ring is repeated until something is heard.
// Rule 2: a repetition must not be heard in the next question's place: receivers settle.
// Rule 3: what was heard is given as it is, the wrong vectors too; the test compares.
import { deadlineMs } from './until.js';

/** A peer as the tests see it: a device of a QEMU, or a connection of the test's own. */
export interface RingingPeer {
  readonly id: number;
  readonly vectors: number;
  /** Rings once; whether anybody hears it is not known. */
  ring(peer: number, vector: number): Promise<void>;
  /** The vectors that were rung since `forget`, ascending. */
  heard(): Promise<number[]>;
  /** Resolves when every ring that was sent before is heard. */
  settle(): Promise<void>;
  /** Forgets what was heard, late rings included. */
  forget(): Promise<void>;
}

/** The vectors 0 to `count` − 1. */
export function vectors(count: number): number[] {
  return Array.from({ length: count }, (_, vector) => vector);
}

/** Rings one vector of `to` until it hears something; gives what it heard: `[vector]` when all is well. */
export async function rings(from: RingingPeer, to: RingingPeer, vector: number): Promise<number[]> {
  await to.forget();
  const end = performance.now() + deadlineMs;
  do await from.ring(to.id, vector);
  while ((await to.heard()).length === 0 && performance.now() < end);
  await to.settle();
  return to.heard();
}

/** Rings every vector of `to` in turn and gives what it heard, in order; it ends at the first silence. */
export async function ringsEvery(from: RingingPeer, to: RingingPeer): Promise<number[]> {
  const all: number[] = [];
  for (const vector of vectors(to.vectors)) {
    const heard = await rings(from, to, vector);
    if (heard.length === 0) break;
    all.push(...heard);
  }
  return all;
}

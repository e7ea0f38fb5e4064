// Rings that are answered by a ring, one after the other, and how long each took.
//
// Rule 1: one ring is out at a time. What comes while none is out is nobody's answer: before each ring
//         it is taken, and forgotten. A late answer that arrives after that still counts for the next:
//         a doorbell does not say more.
import { setImmediate as turn } from 'node:timers/promises';
import type { Peer } from '../../peer/peer.js';
import { signedRing } from '../../peer/signed-ring.js';
import { ringDoorbell } from './doorbell.js';

/** What to ring, and how often. */
export interface PingOptions {
  readonly id: number;
  /** Of both: the answer comes on the same. */
  readonly vector: number;
  readonly count: number;
  /** For each answer; without one the ring is lost. */
  readonly timeoutMs: number;
  /** Ends it early; what was measured is kept. */
  readonly signal: AbortSignal;
  /** Told after each ring. */
  readonly onProgress: (result: PingResult) => void;
}

/** What came of it. */
export interface PingResult {
  /** One for each ring that was answered, in their order. */
  readonly roundTripsMs: number[];
  lost: number;
}

/** Rings so often, or until called off, or until the other has left. */
export async function ping(peer: Peer, options: PingOptions): Promise<PingResult> {
  const { id, count, signal, onProgress } = options;
  const result: PingResult = { roundTripsMs: [], lost: 0 };
  const forget = (): void => undefined;
  peer.on('interrupt', forget);
  try {
    for (let ring = 0; ring < count; ring += 1) {
      // One turn of the loop ends the callbacks of this one, the next looks at the doorbells.
      await turn();
      await turn();
      if (signal.aborted || !peer.peers.has(id)) break;
      await pingOnce(peer, options, result);
      onProgress(result);
    }
  } catch (error) {
    if (!signal.aborted) throw error;
  } finally {
    peer.off('interrupt', forget);
  }
  return result;
}

async function pingOnce(peer: Peer, options: PingOptions, result: PingResult): Promise<void> {
  const { id, vector, timeoutMs, signal } = options;
  const start = performance.now();
  // A full count, by which nothing is rung, is found out by the silence.
  ringDoorbell(peer, id, vector, signedRing(peer.id));
  const answer = await peer.nextInterrupt({ vector, timeoutMs, signal });
  if (answer === undefined) result.lost += 1;
  else result.roundTripsMs.push(performance.now() - start);
}

// What has happened in a region since it is there: plain numbers, counted all the time.
//
// Rule 1: to count is an addition; what costs more is found out when somebody asks.
import type { RefusalReason } from '../protocol/refusal-reason.js';

/** Upper bounds of the histogram of joins, in seconds; the last count is of what took longer. */
export const JOIN_BUCKETS_SECONDS = [
  0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.1, 1,
] as const;

/** Counts of one region. They only grow. */
export class Counters {
  joins = 0;
  leaves = 0;
  readonly refusals = new Map<RefusalReason, number>();
  /** Messages that the kernel took for peers. */
  messages = 0;
  /** Calls of sendmmsg that took some. */
  batches = 0;
  /** Joins by how long they took, one count more than there are bounds: none is in two. */
  readonly joinBuckets: number[] = Array.from({ length: JOIN_BUCKETS_SECONDS.length + 1 }, () => 0);
  joinSeconds = 0;

  /** A join took so long, from its accept to its greeting. */
  countJoin(seconds: number): void {
    this.joins += 1;
    this.joinSeconds += seconds;
    const index = JOIN_BUCKETS_SECONDS.findIndex((bound) => seconds <= bound);
    const bucket = index < 0 ? JOIN_BUCKETS_SECONDS.length : index;
    this.joinBuckets[bucket] = (this.joinBuckets[bucket] ?? 0) + 1;
  }

  countRefusal(reason: RefusalReason): void {
    this.refusals.set(reason, (this.refusals.get(reason) ?? 0) + 1);
  }

  /** A call took so many messages. */
  countSent(messages: number): void {
    this.messages += messages;
    if (messages > 0) this.batches += 1;
  }
}

// What the front of the control socket asks of the server, and what it is told.
//
// Rule 1: plain data, small pieces: to hand something over costs the server's thread time.
import type { EventBatch } from './event-feed.js';
import type { Lag } from './loop-lag.js';
import type { RegionStatus, ServerStatus } from './status.js';

/** A question, by its number. */
export type Question = {
  readonly number: number;
  /** On the clock of `monotonicMs`, as what follows. */
  readonly askedAtMs: number;
  /** When whoever asks is told that nothing came of it. */
  readonly untilMs: number;
} & Ask;

/** Nobody waits for the answer to this question any more. */
export interface Cancel {
  readonly cancel: number;
}

/** What can be asked. */
export type Ask =
  /** Who is there: answered by parts, then the end. */
  | { readonly kind: 'look' }
  /** Events from this number on; waits for one if there is none and `wait`. */
  | { readonly kind: 'events'; readonly from: number; readonly wait: boolean }
  | { readonly kind: 'evict'; readonly region: string; readonly peer: number }
  | { readonly kind: 'reload' };

/** What comes back. */
export type Reply =
  | { readonly number: number; readonly part: RegionPart }
  | { readonly number: number; readonly done: unknown }
  | { readonly number: number; readonly error: AskError };

/** Why it cannot be. */
export interface AskError {
  readonly code: string;
  readonly message: string;
}

/** Some peers of a region. */
export interface RegionPart {
  readonly region: number;
  readonly peers: readonly PeerLook[];
}

/** One peer, in few words. */
export interface PeerLook {
  readonly id: number;
  readonly pid: number;
  readonly uid: number;
  readonly gid: number;
  readonly vm?: string | undefined;
  readonly isHost: boolean;
  readonly joinedAtMs: number;
  readonly unread: number;
  readonly isBehind: boolean;
  readonly isBlocked: boolean;
  readonly waiting: readonly number[];
  readonly eventfdIds: readonly number[];
}

/** The end of a look: all but the peers. */
export interface Look {
  readonly server: Omit<ServerStatus, 'regions' | 'version'>;
  readonly regions: readonly RegionLook[];
  readonly process: ProcessNumbers;
}

/** A region without its peers, and what has happened in it. */
export interface RegionLook {
  readonly status: Omit<RegionStatus, 'peers'>;
  readonly counts: RegionCounts;
}

/** `Counters`, as data. */
export interface RegionCounts {
  readonly joins: number;
  readonly leaves: number;
  readonly refusals: readonly (readonly [reason: string, count: number])[];
  readonly messages: number;
  readonly batches: number;
  readonly joinBuckets: readonly number[];
  readonly joinSeconds: number;
}

/** Numbers of the whole process. */
export interface ProcessNumbers {
  readonly residentBytes: number;
  readonly logLinesDropped: number;
  readonly lagSeconds: Lag;
}

/** The answer to `events`. */
export type EventsAnswer = EventBatch;

// Telling every peer what it has not been told: who is behind, whose turn it is, who has to wait.
//
// A peer that is behind is in one of three states: ready (its turn comes), full (its socket has no
// room; the kernel tells when it has), or held (the kernel lacks something, or its window of unread
// messages is used up; asked again after a while). Nobody waits for anybody else.
//
// Rule 1: a few batches per peer and turn; between turns the event loop gets to everything else, so
//         that a storm of joins starves neither the attached peers nor the newcomers.
// Rule 2: a cursor moves by what the kernel took, never by what it was given.
// Rule 3: a send that fails does not by itself end a connection (ENOBUFS, ENOMEM, ETOOMANYREFS pass):
//         only when the other end is seen to be gone.
import { MessageBatch, type MessageRows } from '../../native/message-batch.js';
import { SystemError } from '../../native/system-error.js';
import type { Membership } from '../protocol/membership.js';
import { goneFor, type Connection, type LeaveReason } from './connection.js';
import type { Counters } from './counters.js';
import type { InFlight } from './in-flight.js';

// A socket takes 278 messages (208 more when it is writable again), and what it does not take has been
// put together in vain: small batches, several of them.
const BATCH_MESSAGES = 64;
const BATCHES_PER_TURN = 8;
const FIRST_PAUSE_MS = 1;
const LONGEST_PAUSE_MS = 100;

/** Who is asked again when the time is over. */
interface Pause {
  readonly connections: Connection[];
  readonly timer: NodeJS.Timeout;
}

/** Serves the peers of one region. */
export class FanOut {
  readonly #membership: Membership<MessageRows>;
  readonly #inFlight: InFlight;
  readonly #counters: Counters;
  readonly #onGone: (connection: Connection, reason: LeaveReason) => void;
  readonly #batch = new MessageBatch(BATCH_MESSAGES);
  #ready = new Set<Connection>();
  #taking = new Set<Connection>();
  readonly #full = new Set<Connection>();
  readonly #held = new Set<Connection>();
  #turn: NodeJS.Immediate | undefined;
  readonly #pauses = new Map<number, Pause>();

  constructor(
    membership: Membership<MessageRows>,
    inFlight: InFlight,
    counters: Counters,
    onGone: (connection: Connection, reason: LeaveReason) => void,
  ) {
    this.#onGone = onGone;
    this.#membership = membership;
    this.#inFlight = inFlight;
    this.#counters = counters;
  }

  /** There is something new to tell this peer. One that is full or held has its turn later anyway. */
  tell(connection: Connection): void {
    if (this.#full.has(connection) || this.#held.has(connection)) return;
    this.#ready.add(connection);
    this.#turn ??= setImmediate(() => {
      this.#takeTurn();
    });
  }

  /** A newcomer's first messages go at once: it waits for them. What fails has its turn later. */
  greet(connection: Connection): void {
    try {
      this.#sendSome(connection, 1);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      this.tell(connection);
    }
  }

  /** Its socket has room again. */
  resume(connection: Connection): void {
    if (this.#full.delete(connection)) this.tell(connection);
  }

  /** The connection is about to be closed: it is not served any more. */
  forget(connection: Connection): void {
    for (const set of this.#all) set.delete(connection);
  }

  /** Stops serving. */
  close(): void {
    clearImmediate(this.#turn);
    for (const { timer } of this.#pauses.values()) clearTimeout(timer);
    for (const set of this.#all) set.clear();
  }

  get #all(): readonly Set<Connection>[] {
    return [this.#ready, this.#taking, this.#full, this.#held];
  }

  #takeTurn(): void {
    this.#turn = undefined;
    const taking = this.#ready;
    this.#ready = this.#taking;
    this.#taking = taking;
    // Who is forgotten meanwhile is in it no more; who is told meanwhile has the next turn.
    for (const connection of taking) this.#serve(connection);
    taking.clear();
  }

  #serve(connection: Connection): void {
    try {
      this.#sendSome(connection, BATCHES_PER_TURN);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      const reason = goneFor(connection.socket);
      if (reason === undefined) this.#hold(connection);
      else this.#onGone(connection, reason);
    }
  }

  #sendSome(connection: Connection, batches: number): void {
    for (let left = batches; !this.#membership.isUpToDate(connection.state); left -= 1) {
      if (left === 0) {
        this.tell(connection);
        return;
      }
      if (!this.#sendBatch(connection)) return;
    }
    connection.awaitWritable(false);
    this.#inFlight.rest(connection);
  }

  // Whether it may go on: the kernel took all there was.
  #sendBatch(connection: Connection): boolean {
    const { state } = connection;
    const allowance = this.#inFlight.allowance(connection, this.#membership.welcomeOwed(state));
    if (allowance === 0) {
      this.#hold(connection);
      return false;
    }
    this.#batch.clear(allowance);
    this.#membership.fill(state, this.#batch);
    const sent = this.#batch.send(connection.socket);
    this.#membership.told(state, sent);
    this.#inFlight.sent(connection, sent);
    this.#counters.countSent(sent);
    if (sent > 0) {
      connection.pauseMs = 0;
      connection.progress.count(sent);
    }
    if (sent === this.#batch.count) return true;
    this.#awaitRoom(connection);
    return false;
  }

  #awaitRoom(connection: Connection): void {
    this.#full.add(connection);
    connection.awaitWritable(true);
  }

  // Each time in vain it waits for twice as long: hundreds that are stopped are not asked every moment.
  #hold(connection: Connection): void {
    connection.awaitWritable(false);
    this.#held.add(connection);
    const pauseMs = Math.max(FIRST_PAUSE_MS, connection.pauseMs);
    connection.pauseMs = Math.min(pauseMs * 2, LONGEST_PAUSE_MS);
    const pause = this.#pauses.get(pauseMs) ?? this.#startPause(pauseMs);
    pause.connections.push(connection);
  }

  #startPause(pauseMs: number): Pause {
    const connections: Connection[] = [];
    const timer = setTimeout(() => {
      this.#pauses.delete(pauseMs);
      for (const connection of connections)
        if (this.#held.delete(connection)) this.tell(connection);
    }, pauseMs);
    const pause = { connections, timer };
    this.#pauses.set(pauseMs, pause);
    return pause;
  }
}

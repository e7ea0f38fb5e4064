// One connection: the socket to a peer, who is at the other end, and its place in the region.
//
// Rule 1: the protocol is one-way. Any byte from a peer is a hang-up, as is the end of its stream.
// Rule 2: it has the socket, and a slot to itself; the doorbells are the slot's.
import type { Fd } from '../../native/fd.js';
import type { MessageRows } from '../../native/message-batch.js';
import { SystemError } from '../../native/system-error.js';
import { discardByte, isSendShut, type PeerCredentials } from '../../native/unix-socket.js';
import { Watch } from '../../native/watch.js';
import type { PeerState } from '../protocol/membership.js';
import { FIRST_WINDOW } from './in-flight.js';
import { monotonicMs } from './monotonic.js';
import { Progress } from './progress.js';
import type { Place, Slot } from './slot.js';

/** How a connection ended. */
export type LeaveReason =
  /** The other end closed: a QEMU that quit, or a process that died. */
  | 'closed'
  /** It sent something, which no peer does. */
  | 'sent data'
  /** The kernel says that the connection is gone. */
  | 'reset'
  /** It was cut off; see `eviction.ts`. */
  | 'evicted';

/** What a connection tells the region. */
export interface ConnectionEvents {
  onHangUp(connection: Connection, reason: LeaveReason): void;
  onWritable(connection: Connection): void;
}

/** A peer's connection. */
export class Connection {
  readonly socket: Fd;
  readonly credentials: PeerCredentials;
  /** Its place in the region. */
  readonly state: PeerState<MessageRows>;
  readonly slot: Slot;
  readonly #watch: Watch;
  /** Messages that it may not have read yet, at most; see InFlight. */
  unread = 0;
  /** Messages that it may leave unread; see InFlight. */
  window = FIRST_WINDOW;
  readonly progress = new Progress();
  /** In milliseconds since 1970. */
  readonly joinedAtMs = Date.now();
  /** The same on the clock of `monotonicMs`. */
  readonly joinedAtMonotonicMs = monotonicMs();
  /** How long it is left alone when it cannot be sent anything; see FanOut. */
  pauseMs = 0;

  /** Owns the socket, unless this throws. Throws SystemError. */
  constructor(
    socket: Fd,
    credentials: PeerCredentials,
    { state, slot }: Place,
    events: ConnectionEvents,
  ) {
    this.socket = socket;
    this.credentials = credentials;
    this.state = state;
    this.slot = slot;
    this.#watch = new Watch(socket, { readable: true, writable: false }, (seen) => {
      const reason = seen.readable ? hangUpOf(socket) : undefined;
      if (reason !== undefined) events.onHangUp(this, reason);
      else if (seen.writable) events.onWritable(this);
    });
  }

  /** Whether to be told when the socket has room again. */
  awaitWritable(writable: boolean): void {
    this.#watch.update({ readable: true, writable });
  }

  /** Ends it. What is queued in the socket can still be read at the other end. */
  close(): void {
    this.#watch.close();
    this.socket.close();
  }
}

/** After a send that failed: the same, or that the other end shut down its reading half, which is final. */
export function goneFor(socket: Fd): LeaveReason | undefined {
  return hangUpOf(socket) ?? (isSendShut(socket) ? 'closed' : undefined);
}

/**
 * Whether and why the other end is gone; undefined while it is there. Only reading tells: a send
 * that fails may be a passing lack of something.
 */
export function hangUpOf(socket: Fd): LeaveReason | undefined {
  try {
    const length = discardByte(socket);
    if (length === undefined) return undefined;
    return length === 0 ? 'closed' : 'sent data';
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return error.code === 'ECONNRESET' ? 'reset' : undefined;
  }
}

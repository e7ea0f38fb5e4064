// Descriptors in flight of an ordinary user.
//
// The kernel counts the descriptors a user has sent and nobody has received yet, over all sockets,
// against RLIMIT_NOFILE (unix(7), ETOOMANYREFS): a few stopped VMs could make a healthy one go
// without. So each peer has a window of messages it may leave unread: a few, twice as many each time that
// it is seen to read, a few again when it has been told all; never more than an eighth of what is left of
// half the limit, but always one message, and the whole welcome. A peer that stops thus holds little, and
// there is always some left for the next. The other half is for other servers of the same user.
// With CAP_SYS_RESOURCE or CAP_SYS_ADMIN the kernel does not count, and neither do we.
import { readFileSync } from 'node:fs';
import { ownDescriptorLimit } from '../../native/descriptor-limit.js';
import { MessageBatch } from '../../native/message-batch.js';
import { SystemError } from '../../native/system-error.js';
import { createSocketPair, unreadByPeer } from '../../native/unix-socket.js';
import type { Connection } from './connection.js';

const CAP_SYS_ADMIN = 21n;
const CAP_SYS_RESOURCE = 24n;

/** Messages that a peer may leave unread that has not been seen to read any. */
export const FIRST_WINDOW = 16;

/** Keeps count of unread messages, and says how many more a peer may be sent. */
export class InFlight {
  #half = Infinity;
  readonly #messageBytes: number;
  #total = 0;

  /** `messageBytes`: see measureMessageBytes. */
  constructor(limit: number, messageBytes: number) {
    this.limit = limit;
    this.#messageBytes = messageBytes;
  }

  /** RLIMIT_NOFILE, or Infinity where the kernel does not count. To be set before anything is sent. */
  set limit(limit: number) {
    this.#half = Math.floor(limit / 2);
  }

  /** The connection is about to be closed. */
  remove(connection: Connection): void {
    this.#total -= connection.unread;
  }

  /**
   * How many messages may go to this peer now; 0: ask again later. `welcomeOwed`: messages of the
   * welcome that it lacks, which always may: one that has half of it hangs when the server goes.
   */
  allowance(connection: Connection, welcomeOwed = 0): number {
    if (this.#half === Infinity) return Infinity;
    const before = connection.unread;
    if (before > 0) this.#count(connection, this.unreadOf(connection));
    const { unread } = connection;
    const share = Math.max(1, Math.floor((this.#half - (this.#total - unread)) / 8));
    if (unread < before)
      connection.window = Math.max(FIRST_WINDOW / 2, Math.min(connection.window * 2, share));
    return Math.max(welcomeOwed, Math.min(share, connection.window) - unread, 0);
  }

  /** The peer has been told all there is. */
  rest(connection: Connection): void {
    connection.window = FIRST_WINDOW / 2; // twice that as soon as it is seen to have read all
  }

  /** So many messages were just sent. */
  sent(connection: Connection, count: number): void {
    if (this.#half !== Infinity) this.#count(connection, connection.unread + count);
  }

  /** Messages the peer has not read yet, asked of the kernel; what we know if it does not tell. */
  unreadOf({ socket, unread }: Connection): number {
    try {
      return Math.ceil(unreadByPeer(socket) / this.#messageBytes);
    } catch (error) {
      if (error instanceof SystemError) return unread;
      throw error;
    }
  }

  #count(connection: Connection, unread: number): void {
    this.#total += unread - connection.unread;
    connection.unread = unread;
  }
}

let ofProcess: InFlight | undefined;

/** The one of this process, which all its regions share: the kernel counts by user. */
export function inFlightOfProcess(): InFlight {
  return (ofProcess ??= new InFlight(limitNow(), measureMessageBytes()));
}

/** The process has become another user, before anything was sent. */
export function becameAnotherUser(): void {
  inFlightOfProcess().limit = limitNow();
}

function limitNow(): number {
  return isCountedInFlight() ? ownDescriptorLimit() : Infinity;
}

/** What SIOCOUTQ counts for one message: measured, because it is the kernel's own business. */
export function measureMessageBytes(): number {
  const [here, there] = createSocketPair();
  const batch = new MessageBatch(1);
  try {
    batch.addNumber(0);
    batch.send(here);
    return unreadByPeer(here);
  } finally {
    here.close();
    there.close();
  }
}

/** Whether the kernel counts this process's descriptors in flight. https://man7.org/linux/man-pages/man7/capabilities.7.html */
export function isCountedInFlight(): boolean {
  const effective = /^CapEff:\s*([0-9a-f]+)$/m.exec(readFileSync('/proc/self/status', 'utf8'))?.[1];
  const exempt = (1n << CAP_SYS_ADMIN) | (1n << CAP_SYS_RESOURCE);
  return effective === undefined || (BigInt(`0x${effective}`) & exempt) === 0n;
}

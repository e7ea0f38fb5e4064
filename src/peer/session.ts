// A peer's connection to its server: from the first message on, what the server says becomes memory,
// doorbells, joins and leaves.
//
// Rule 1: an open that fails leaves nothing open.
// Rule 2: the end of the server is the end of the news, and of nothing else.
// Rule 3: the end closes watches before descriptors, and everything once.
import type { Fd } from '../../native/fd.js';
import { Watch } from '../../native/watch.js';
import type { Fact } from '../protocol/handshake.js';
import { connect, timeout } from './connect.js';
import { Inbound } from './inbound.js';
import { Inbox } from './inbox.js';
import { Joins } from './joins.js';
import { PeerError } from './peer-error.js';
import { PeerMemory } from './peer-memory.js';
import { Roster } from './roster.js';
import { checkTimeout, waitFor, type Settle, type WaitOptions } from './waiting.js';

/** How to open a session; see ConnectOptions. */
export interface SessionOptions extends WaitOptions {
  readonly socket: string;
  readonly vectors: number | undefined;
}

/** What a session tells after its welcome. */
export interface SessionEvents {
  onJoin(id: number, vectors: number): void;
  onLeave(id: number): void;
  onLost(error: Error | undefined): void;
}

/** What a session has from its welcome on. */
export interface Welcome {
  readonly id: number;
  readonly memory: PeerMemory;
  readonly roster: Roster;
}

const MESSAGES_PER_TURN = 256;
const WELCOME_TIMEOUT_MS = 5_000;

/** One connection. */
export class Session {
  readonly inbox = new Inbox();
  /** Whom to tell; nobody is told anything before the turn of the loop after the welcome. */
  events: SessionEvents | undefined;
  readonly #socket: Fd;
  readonly #watch: Watch;
  readonly #inbound: Inbound;
  readonly #expected: number | undefined;
  #roster: { readonly own: number; readonly all: Roster; readonly joins: Joins } | undefined;
  #memory: PeerMemory | undefined;
  #waiting: Settle<Welcome> | undefined;
  #isConnected = true;

  // Owns the socket, unless this throws.
  private constructor(socket: Fd, expected: number | undefined) {
    this.#socket = socket;
    this.#expected = expected;
    this.#inbound = new Inbound(socket);
    this.#watch = new Watch(socket, { readable: true, writable: false }, () => {
      this.#read();
    });
  }

  /** Connects, and resolves with the complete welcome. Rejects as Peer.connect does. */
  static async open(options: SessionOptions): Promise<readonly [Session, Welcome]> {
    const { socket, timeoutMs = WELCOME_TIMEOUT_MS, signal, vectors } = options;
    checkTimeout(timeoutMs);
    signal?.throwIfAborted();
    const end = performance.now() + timeoutMs;
    const fd = await connect(socket, { timeoutMs, signal });
    let session: Session | undefined;
    try {
      session = new Session(fd, vectors);
      const left = Math.max(0, end - performance.now());
      return [session, await session.#welcomed({ timeoutMs: left, signal })];
    } catch (error) {
      session?.close();
      fd.close();
      throw error;
    }
  }

  /** Whether the server is there. */
  get isConnected(): boolean {
    return this.#isConnected;
  }

  /** Closes everything; again does nothing. */
  close(): void {
    this.events = undefined;
    this.#disconnect();
    this.inbox.close();
    this.#roster?.all.close();
    this.#memory?.close();
  }

  #welcomed(options: WaitOptions): Promise<Welcome> {
    const start = (settle: Settle<Welcome>): (() => void) => {
      this.#waiting = settle;
      return () => {
        this.#waiting = undefined;
      };
    };
    return waitFor(options, start, ({ reject }) => reject(timeout(this.#progress)));
  }

  get #progress(): string {
    if (this.#roster === undefined) return 'it sent no ID';
    if (this.#memory === undefined) return 'it sent no memory';
    const { vectors } = this.inbox;
    return `it sent ${vectors} of ${this.#expected ?? 'our'} vectors`;
  }

  #disconnect(): void {
    this.#isConnected = false;
    this.#roster?.joins.close();
    this.#watch.close();
    this.#inbound.close();
    this.#socket.close();
  }

  #read(): void {
    for (let count = 0; count < MESSAGES_PER_TURN && this.#isConnected; count += 1) {
      const fact = this.#next();
      if (fact === undefined) return;
      const wasWaiting = this.#waiting !== undefined;
      this.#take(fact);
      // Whoever waited for the welcome gets to listen before the news goes on.
      if (wasWaiting && this.#waiting === undefined) return;
    }
  }

  // Undefined: nothing is there, or nothing will be.
  #next(): Fact<Fd> | undefined {
    try {
      const fact = this.#inbound.next();
      if (fact !== 'end') return fact;
      this.#lose(undefined);
    } catch (error) {
      this.#lose(error as Error);
    }
    return undefined;
  }

  #lose(error: Error | undefined): void {
    this.#disconnect();
    const hangUp = (): PeerError =>
      new PeerError('ERR_IVSHMEM_HANG_UP', `the server closed early: ${this.#progress}`);
    if (this.#waiting) this.#waiting.reject(error ?? hangUp());
    else this.events?.onLost(error);
  }

  #take(fact: Fact<Fd>): void {
    if (fact.type === 'id') this.#takeId(fact.id);
    else if (fact.type === 'memory') this.#memory = new PeerMemory(fact.fd);
    else if (fact.type === 'doorbell') this.#takeDoorbell(fact.id, fact.fd);
    else if (fact.type === 'leave') this.#takeLeave(fact.id);
  }

  #takeId(own: number): void {
    const joins = new Joins({
      ownId: own,
      expected: this.#expected,
      onJoin: (id, vectors) => {
        if (id === own) this.#welcome(own);
        else this.events?.onJoin(id, vectors);
      },
    });
    this.#roster = { own, all: new Roster(own), joins };
  }

  #takeDoorbell(id: number, doorbell: Fd): void {
    if (this.#roster === undefined) return; // the handshake knows the order
    const { all, joins, own } = this.#roster;
    all.add(id, doorbell);
    if (id === own) this.inbox.add(doorbell);
    joins.onDoorbell(id, all.doorbells(id).length);
  }

  #takeLeave(id: number): void {
    this.#roster?.all.remove(id);
    if (this.#roster?.joins.onLeave(id) === true) this.events?.onLeave(id);
  }

  #welcome(id: number): void {
    if (this.#memory === undefined || this.#roster === undefined) return;
    this.#waiting?.resolve({ id, memory: this.#memory, roster: this.#roster.all });
  }
}

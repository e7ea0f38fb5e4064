// A peer that obeys the receiving half of the protocol to the letter, and throws at the first thing
// that would crash, hang or corrupt a QEMU in its place.
//
// Rule 1: it reads when it is asked to, so many bytes as it is asked to: who is not asked is stalled.
// Rule 2: nothing here comes from `src`.
// Rule 3: it keeps its own doorbells. Those of others it closes once the ledger has seen them, unless
//   it is to ring them: 100 peers that kept everything would need more descriptors than there are.
import { drainEventfd, ringEventfd } from '../../native/eventfd.js';
import type { Fd } from '../../native/fd.js';
import { addressOf, libc } from '../../native/libc.js';
import { connectSocket } from '../../native/unix-socket.js';
import type { Ledger } from './ledger.js';
import { MessageReader, type ReadMessage } from './message-reader.js';
import { StrictRules, type StrictRulesOptions } from './strict-rules.js';
import type { Scope } from './temp.js';
import { until } from './until.js';

export interface StrictPeerOptions extends StrictRulesOptions {
  /** The region's. */
  readonly vectors: number;
  readonly ledger: Ledger;
  /** Keeps others' doorbells, to ring them. Default false. */
  readonly rings?: boolean;
}

const SHUT_WR = 1;
const MSG_NOSIGNAL = 0x4000;
const MESSAGES_SHOWN = 12;
const garbage = new ArrayBuffer(1);

export class StrictPeer {
  readonly #reader: MessageReader;
  readonly #rules: StrictRules;
  readonly #ledger: Ledger;
  readonly #rings: boolean;
  readonly #doorbells = new Map<number, Fd[]>();
  readonly #latest: string[] = [];
  #hasHungUp = false;

  private constructor(socket: Fd, options: StrictPeerOptions) {
    const { vectors, ledger, rings = false } = options;
    this.#reader = new MessageReader(socket);
    this.#rules = new StrictRules(vectors, options);
    this.#ledger = ledger;
    this.#rings = rings;
  }

  /** Connects and reads nothing yet. Throws when the backlog is full. */
  static connect(path: string, options: StrictPeerOptions): StrictPeer {
    const socket = connectSocket(path);
    if (!socket) throw new Error(`the backlog of ${path} is full`);
    return new StrictPeer(socket, options);
  }

  /** A peer on a connection that is there, and is its own from now on. */
  static over(socket: Fd, options: StrictPeerOptions): StrictPeer {
    return new StrictPeer(socket, options);
  }

  /** Connects and reads until it has its own vectors, or was refused; goes when the test ends. */
  static async join(t: Scope, path: string, options: StrictPeerOptions): Promise<StrictPeer> {
    const peer = StrictPeer.connect(path, options);
    t.teardown(() => {
      peer.close();
    });
    await until('a welcome or a refusal', () => {
      peer.read();
      return peer.isWelcomed || peer.refusal !== undefined;
    });
    return peer;
  }

  /** NaN before it came. */
  get id(): number {
    return this.#rules.id;
  }

  /** The version that no client accepts, when there was one: the negative errno of a refusal. */
  get refusal(): number | undefined {
    return this.#rules.refusal;
  }

  /** Whether it has all of its own vectors. */
  get isWelcomed(): boolean {
    return this.#rules.isWelcomed;
  }

  /** Whether the server ended the stream, and that was read. */
  get isOver(): boolean {
    return this.#reader.isOver;
  }

  /** How many doorbells it has by ID of those who are there, itself included. */
  get told(): ReadonlyMap<number, number> {
    return this.#rules.told;
  }

  /** Reads what is there, at most so many bytes; returns how many messages that completed. */
  read(atMost = Infinity): number {
    let messages = 0;
    try {
      this.#reader.read((message) => {
        messages += 1;
        this.#take(message);
      }, atMost);
      if (this.isOver && !this.#hasHungUp) this.#rules.end(this.#reader.isInside);
    } catch (error) {
      const seen = this.#latest.join(', ');
      throw new Error(`peer ${this.id} got … ${seen}: ${(error as Error).message}`, {
        cause: error,
      });
    }
    return messages;
  }

  /** Rings a doorbell of a peer that it was told of. Throws when it does not have it. */
  ring(id: number, vector: number): void {
    const fd = this.#doorbells.get(id)?.[vector];
    if (!fd || !ringEventfd(fd)) throw new Error(`peer ${this.id} cannot ring ${id}.${vector}`);
  }

  /** How often each of its own vectors was rung since the last call. */
  heard(): number[] {
    return (this.#doorbells.get(this.id) ?? []).map((fd) => Number(drainEventfd(fd)));
  }

  /** Ends its half of the stream, or sends what nobody may send: the server has to end the rest. */
  hangUp(how: 'half' | 'garbage'): void {
    this.#hasHungUp = true;
    const { rawFd } = this.#reader.socket;
    if (how === 'half') libc.shutdown(rawFd, SHUT_WR);
    else libc.send(rawFd, addressOf(garbage), 1, MSG_NOSIGNAL);
  }

  /** Closes every descriptor it has, at whatever byte it is; again does nothing. */
  close(): void {
    this.#reader.close();
    for (const id of [...this.#doorbells.keys()]) this.#forget(id);
  }

  #take({ number, fd, text }: ReadMessage): void {
    this.#latest.push(text);
    if (this.#latest.length > MESSAGES_SHOWN) this.#latest.shift();
    let isKept = false;
    try {
      isKept = this.#obey(number, fd);
    } finally {
      if (!isKept) fd?.close();
    }
  }

  // Whether the descriptor is kept.
  #obey(number: number, fd: Fd | undefined): boolean {
    const meaning = this.#rules.receive(number, fd !== undefined);
    if (meaning.type === 'leave') this.#forget(meaning.id);
    if (meaning.type === 'memory' && fd) this.#ledger.memory(fd);
    if (meaning.type !== 'doorbell' || !fd) return false;
    const { id, vector } = meaning;
    this.#ledger.doorbell(id, vector, fd);
    if (!this.#rings && id !== this.id) return false;
    this.#doorbells.set(id, [...(this.#doorbells.get(id) ?? []), fd]);
    return true;
  }

  #forget(id: number): void {
    for (const fd of this.#doorbells.get(id) ?? []) fd.close();
    this.#doorbells.delete(id);
  }
}

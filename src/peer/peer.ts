// A peer: the host as one more member of a region, beside the VMs.
//
// Rule 1: this is the front: what a program sees, and what it is promised. How it comes about is in
//         session.ts (the server's news), inbox.ts (interrupts) and peer-memory.ts.
import { EventEmitter } from 'node:events';
import { isMainThread } from 'node:worker_threads';
import type { Mapping, MappedRange } from '../../native/mapping.js';
import { MAX_VECTORS } from '../protocol/wire.js';
import type { Interrupt } from './inbox.js';
import { InterruptIterator, nextInterrupt } from './interrupt-iterator.js';
import { closed, PeerError } from './peer-error.js';
import type { PeerHandle } from './peer-handle.js';
import { Session, type Welcome } from './session.js';
import type { WaitOptions } from './waiting.js';

/** How to join. `timeoutMs`, default 5,000: how long the server may take. */
export interface ConnectOptions extends WaitOptions {
  /** Path of the server's socket. */
  readonly socket: string;
  /**
   * Vectors of the region, 1–2048, where known. Nobody tells a newcomer; without this the first peer
   * of a region waits 50 ms in silence before it believes that it has all of its own.
   */
  readonly vectors?: number | undefined;
}

/** Which interrupts. */
export interface InterruptOptions {
  /** Default: all vectors, those that come later too. */
  readonly vectors?: readonly number[] | undefined;
  readonly signal?: AbortSignal | undefined;
}

/** Which interrupt, and how long to wait for it. Default: any, for ever. */
export interface NextInterruptOptions extends WaitOptions {
  readonly vector?: number | undefined;
}

/** What a peer tells, by event name. */
export interface PeerEvents {
  /** Rings that nobody else waits for: see `nextInterrupt`. */
  interrupt: [interrupt: Interrupt];
  /** Another peer is there from now on, complete. */
  join: [peer: { readonly id: number; readonly vectors: number }];
  /** Another peer is gone. */
  leave: [peer: { readonly id: number }];
  /**
   * The server is gone, or, with an error, sent what no server may. Nobody is told of joins and leaves
   * any more; memory and doorbells go on working.
   */
  disconnect: [error: Error | undefined];
}

/** One peer of a region. `await using peer = await Peer.connect({ socket })`. */
export class Peer extends EventEmitter<PeerEvents> implements AsyncDisposable {
  /** What a guest would read in IVPosition, 0–65535. */
  readonly id: number;
  readonly #session: Session;
  readonly #welcome: Welcome;
  readonly #onClose = new Set<() => void>();
  #isClosed = false;

  /**
   * Joins a region: resolves when the memory, everybody who was there before, and all own doorbells
   * are there. Rejects, and leaves nothing open, with
   * - ProtocolError: ERR_IVSHMEM_REFUSED (`refusal` is the server's negative errno), _VERSION, _ID,
   *   _MEMORY, _JOIN, _LEAVE: what the server sent, and may not;
   * - PeerError: ERR_IVSHMEM_TIMEOUT, _HANG_UP, _TRUNCATED (a descriptor was lost), _ARGUMENT,
   *   _WORKER_THREAD (a peer lives on the main thread; a worker opens its handle: WorkerPeer);
   * - SystemError: ENOENT, ECONNREFUSED, EACCES, ENAMETOOLONG, EMFILE, ECONNRESET;
   * - the signal's reason.
   */
  static async connect(options: ConnectOptions): Promise<Peer> {
    const { socket, timeoutMs, signal, vectors } = options;
    if (!isMainThread) {
      const message =
        'a peer lives on the main thread: post its handle to the worker, and WorkerPeer.open it there';
      throw new PeerError('ERR_IVSHMEM_WORKER_THREAD', message);
    }
    if (
      vectors !== undefined &&
      !(Number.isInteger(vectors) && vectors >= 1 && vectors <= MAX_VECTORS)
    ) {
      throw new PeerError('ERR_IVSHMEM_ARGUMENT', `vectors is 1–${MAX_VECTORS}, not ${vectors}`);
    }
    return new Peer(...(await Session.open({ socket, timeoutMs, signal, vectors })));
  }

  private constructor(session: Session, welcome: Welcome) {
    super();
    this.id = welcome.id;
    this.#session = session;
    this.#welcome = welcome;
    session.events = {
      onJoin: (id, vectors) => this.emit('join', { id, vectors }),
      onLeave: (id) => this.emit('leave', { id }),
      onLost: (error) => this.emit('disconnect', error),
    };
    this.#listenOnDemand();
  }

  /** Own doorbells: 0 to `vectors` − 1. */
  get vectors(): number {
    return this.#session.inbox.vectors;
  }

  /** The other peers: ID → number of vectors. Live; not to be changed. */
  get peers(): ReadonlyMap<number, number> {
    return this.#welcome.roster.others;
  }

  /** Whether the server is there to tell of joins and leaves. */
  get isConnected(): boolean {
    return this.#session.isConnected;
  }

  /** Size of the memory, in bytes. */
  get memorySize(): number {
    return this.#welcome.memory.sizeBytes;
  }

  /**
   * The region's label, read from the header of the memory now: guests may write over it. Undefined when
   * the memory does not begin with a header's magic. Throws MemoryHeaderError for a header that cannot be
   * true, ERR_IVSHMEM_HEADER_BYTE_ORDER, _VERSION, _SIZE, _VECTORS, _LABEL; PeerError ERR_IVSHMEM_CLOSED.
   */
  get label(): string | undefined {
    return this.#welcome.memory.label;
  }

  /**
   * The memory, all of it and no copy: every peer sees what is written, `Atomics` work (not `wait`: it
   * takes a SharedArrayBuffer, and a doorbell is what wakes). After `close` the buffer is harmless, and
   * no longer the memory: from Node 22 on it is detached (its length is 0); in Node 20 it reads as zeroes,
   * and what is written is lost. Throws PeerError ERR_IVSHMEM_CLOSED then, _RANGE for more than one
   * ArrayBuffer can have (4 GiB in Node 20): then `map` a part; SystemError ENOMEM.
   */
  get memory(): ArrayBuffer {
    return this.#welcome.memory.whole;
  }

  /** A part of the memory, as `buffer`, until its `close` or the peer's. Throws as `memory` does. */
  map(range: MappedRange): Mapping {
    return this.#welcome.memory.map(range);
  }

  /** This peer as plain data, for `WorkerPeer.open` in a worker of this process. */
  get handle(): PeerHandle {
    const { memory, roster } = this.#welcome;
    return { ...roster.handle, memory: memory.rawFd };
  }

  /**
   * Rings a doorbell, `times` (1–2^53, default 1) at once. True: it is written; false: it would block,
   * because the count is full. Throws PeerError ERR_IVSHMEM_UNKNOWN_PEER, _UNKNOWN_VECTOR, _ARGUMENT,
   * _CLOSED; SystemError EAGAIN where the user may have no more timers. Never waits, but 10 ms at most
   * for a full doorbell that another peer made blocking. (`fs.readSync` of a pipe or terminal that has to
   * wait, right behind a ring, fails with EINTR: see docs/access.md.)
   */
  ring(id: number, vector: number, times = 1): boolean {
    this.#checkOpen();
    if (!(Number.isInteger(times) && times >= 1 && times <= 2 ** 53)) {
      throw new PeerError('ERR_IVSHMEM_ARGUMENT', `times is 1–2^53, not ${times}`);
    }
    return this.#welcome.roster.ring(id, vector, times);
  }

  /**
   * Interrupts one after the other, until the loop is left or the peer closed; the signal makes it
   * throw its reason. What arrives between two steps waits in the doorbell, and is merged there.
   * Throws PeerError ERR_IVSHMEM_UNKNOWN_VECTOR, _CLOSED.
   */
  interrupts({ vectors, signal }: InterruptOptions = {}): AsyncIterableIterator<
    Interrupt,
    undefined
  > {
    this.#checkOpen();
    return new InterruptIterator(this.#iteration(vectors, signal));
  }

  /**
   * The next interrupt; undefined when the time is over. Each interrupt is taken once: by the call or
   * loop that waits longest for its vector, else by the listeners of `interrupt`, else it stays in
   * its doorbell. Rejects with PeerError ERR_IVSHMEM_UNKNOWN_VECTOR, _CLOSED (also when it is closed
   * meanwhile), _ARGUMENT, or the signal's reason.
   */
  async nextInterrupt(options: NextInterruptOptions = {}): Promise<Interrupt | undefined> {
    this.#checkOpen();
    const { vector, timeoutMs, signal } = options;
    return nextInterrupt(
      this.#iteration(vector === undefined ? undefined : [vector], signal),
      timeoutMs,
    );
  }

  /**
   * Leaves: loops over interrupts end, waiting calls are rejected, the memory is no longer reached,
   * every descriptor is closed. Again does nothing; no event comes after it.
   */
  close(): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    this.#session.close();
    for (const act of this.#onClose) act();
    this.#onClose.clear();
  }

  // eslint-disable-next-line @typescript-eslint/require-await -- what `await using` calls
  async [Symbol.asyncDispose](): Promise<void> {
    this.close();
  }

  #iteration(vectors: readonly number[] | undefined, signal: AbortSignal | undefined) {
    const { inbox } = this.#session;
    const onClose = (act: () => void): (() => void) => {
      this.#onClose.add(act);
      return () => this.#onClose.delete(act);
    };
    const isClosed = (): boolean => this.#isClosed;
    return { inbox, vectors: inbox.select(this.id, vectors), signal, onClose, isClosed };
  }

  /** As any emitter's: interrupts stay in their doorbells until somebody listens again. */
  override removeAllListeners(event?: keyof PeerEvents): this {
    if (event === undefined) super.removeAllListeners();
    else super.removeAllListeners(event);
    // Node's own event may be among those removed, and with it what tells that somebody listens.
    if (this.listenerCount('newListener') === 0) this.#listenOnDemand();
    return this;
  }

  // Only while somebody listens are interrupts taken for listeners.
  #listenOnDemand(): void {
    const { inbox } = this.#session;
    const listener = {
      isListening: () => this.listenerCount('interrupt') > 0,
      hear: (interrupt: Interrupt) => this.emit('interrupt', interrupt),
    };
    // Node's own event, which is not in the table of ours.
    const emitter = this as unknown as EventEmitter<Record<string, [event: string]>>;
    emitter.on('newListener', (event: string) => {
      if (event === 'interrupt' && !this.#isClosed) inbox.listen(listener);
    });
  }

  #checkOpen(): void {
    if (this.#isClosed) throw closed();
  }
}

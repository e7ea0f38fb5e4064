// A peer without a VM: a connection of the test's own that reads all and keeps the doorbells.
// Rule 1: it joins, rings and leaves like a QEMU would; judging the server's every byte is the
//   strict peer's task, not this one's.
// Rule 2: a crowd keeps only its own doorbells. 60 peers with 8 vectors that keep everybody's need
//   28,800 descriptors, more than a process of ours may have.
// Rule 3: it decodes bytes by itself: nothing here comes from `src`.
import { drainEventfd, inspectEventfd, ringEventfd } from '../../native/eventfd.js';
import type { Fd } from '../../native/fd.js';
import { MessageReceiver } from '../../native/message-receiver.js';
import { connectSocket } from '../../native/unix-socket.js';
import { Watch } from '../../native/watch.js';
import type { RingingPeer } from './rings.js';
import type { Scope } from './temp.js';
import { until } from './until.js';

export interface SocketPeerOptions {
  readonly vectors: number;
  /** Closes other peers' doorbells as they come: it can be rung, and cannot ring. Default false. */
  readonly onlyOwn?: boolean;
}

const receiver = new MessageReceiver();

export class SocketPeer implements RingingPeer {
  readonly vectors: number;
  readonly #socket: Fd;
  readonly #onlyOwn: boolean;
  readonly #watch: Watch;
  readonly #doorbells = new Map<number, Fd[]>();
  readonly #bytes: number[] = [];
  readonly #numbers: number[] = [];
  #fd: Fd | undefined;
  #memory: Fd | undefined;
  #isOpen = true;

  private constructor(t: Scope, socket: Fd, { vectors, onlyOwn = false }: SocketPeerOptions) {
    this.vectors = vectors;
    this.#onlyOwn = onlyOwn;
    this.#socket = socket;
    this.#watch = new Watch(socket, { readable: true, writable: false }, () => {
      this.#receive();
    });
    t.teardown(() => {
      this.leave();
    });
  }

  /** Connects; resolves when all its own doorbells are there or it was refused. */
  static async join(t: Scope, path: string, options: SocketPeerOptions): Promise<SocketPeer> {
    const socket = await until(`room in the backlog of ${path}`, () => connectSocket(path));
    const peer = new SocketPeer(t, socket, options);
    await until(
      'the own doorbells',
      () => !peer.#isOpen || peer.knows(peer.id) === options.vectors,
    );
    return peer;
  }

  /** The second message; NaN before it came. */
  get id(): number {
    return this.#numbers[1] ?? NaN;
  }

  /** The version that no client accepts, when there was one: the negative errno of a refusal. */
  get refusal(): number | undefined {
    return this.#numbers[0] === 0 ? undefined : this.#numbers[0];
  }

  /** How many doorbells of a peer it has; 0 for one it never heard of or that left. */
  knows(peer: number): number {
    return this.#doorbells.get(peer)?.length ?? 0;
  }

  /** The peers it knows, itself included, ascending. */
  get known(): number[] {
    return [...this.#doorbells.keys()].sort((a, b) => a - b);
  }

  ring(peer: number, vector: number): Promise<void> {
    const fd = this.#doorbells.get(peer)?.[vector];
    if (fd?.isOpen) ringEventfd(fd);
    return new Promise((resolve) => setImmediate(resolve));
  }

  heard(): Promise<number[]> {
    const states = (this.#doorbells.get(this.id) ?? []).map((fd) => inspectEventfd(fd));
    return Promise.resolve(states.flatMap(({ count }, vector) => (count > 0n ? [vector] : [])));
  }

  /** A ring is in the eventfd the moment it was rung. */
  settle(): Promise<void> {
    return Promise.resolve();
  }

  forget(): Promise<void> {
    for (const fd of this.#doorbells.get(this.id) ?? []) drainEventfd(fd);
    return Promise.resolve();
  }

  /** Hangs up and closes every descriptor it got; again does nothing. */
  leave(): void {
    this.#disconnect();
    this.#fd?.close();
    this.#memory?.close();
    for (const fd of [...this.#doorbells.values()].flat()) fd.close();
    this.#doorbells.clear();
  }

  // The server's end is not a peer's: doorbells go on working.
  #disconnect(): void {
    this.#isOpen = false;
    this.#watch.close();
    this.#socket.close();
  }

  #receive(): void {
    for (;;) {
      const received = receiver.receive(this.#socket, 8 - this.#bytes.length);
      if (!received) return;
      if (received.bytes.length === 0) {
        this.#disconnect();
        return;
      }
      if (received.isTruncated)
        throw new Error('a descriptor was lost: the test has no room for it');
      this.#fd ??= received.fd;
      this.#bytes.push(...received.bytes);
      if (this.#bytes.length === 8) this.#message();
    }
  }

  #message(): void {
    const number = Number(Buffer.from(this.#bytes.splice(0)).readBigInt64LE());
    const fd = this.#fd;
    this.#fd = undefined;
    this.#numbers.push(number);
    if (this.#numbers.length < 3) return;
    if (number === -1) this.#memory = fd;
    else if (fd) this.#learn(number, fd);
    else this.#forgetPeer(number);
  }

  #learn(peer: number, doorbell: Fd): void {
    if (this.#onlyOwn && peer !== this.id) doorbell.close();
    this.#doorbells.set(peer, [...(this.#doorbells.get(peer) ?? []), doorbell]);
  }

  #forgetPeer(peer: number): void {
    for (const fd of this.#doorbells.get(peer) ?? []) fd.close();
    this.#doorbells.delete(peer);
  }
}

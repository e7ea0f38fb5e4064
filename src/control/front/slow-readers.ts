// Who asks, and does not read the answer.
//
// Rule 1: who has taken nothing for a while is let go, unless it follows the events: for it nothing is kept.
// Rule 2: what all together have not read is bounded: nobody is answered above that, and who has most to read
//         goes first.
import type { Socket } from 'node:net';

const PATIENCE_MS = 10_000;
const MAX_UNREAD_BYTES = 64 * 1024 ** 2;

interface Look {
  readonly unread: number;
  readonly atMs: number;
}

/** Those among these connections. */
export class SlowReaders {
  readonly #connections: ReadonlySet<Socket>;
  readonly #follows: (socket: Socket) => boolean;
  readonly #looks = new WeakMap<Socket, Look>();

  /** `follows`: whether one follows the events. */
  constructor(connections: ReadonlySet<Socket>, follows: (socket: Socket) => boolean) {
    this.#connections = connections;
    this.#follows = follows;
  }

  /** Whether so much is unread that nobody is to get an answer now. */
  get areTooSlow(): boolean {
    return this.#unread > MAX_UNREAD_BYTES;
  }

  /** Lets them go; to be called about once a second. */
  letGo(): void {
    const slow = [...this.#connections].filter(({ writableLength }) => writableLength > 0);
    slow.sort((a, b) => b.writableLength - a.writableLength);
    let unread = this.#unread;
    for (const socket of slow) {
      if (unread <= MAX_UNREAD_BYTES && !this.#isStuck(socket)) continue;
      unread -= socket.writableLength;
      socket.destroy();
    }
  }

  get #unread(): number {
    return [...this.#connections].reduce((sum, { writableLength }) => sum + writableLength, 0);
  }

  #isStuck(socket: Socket): boolean {
    if (this.#follows(socket)) return false;
    const unread = socket.writableLength;
    const look = this.#looks.get(socket);
    if (look?.unread !== unread) {
      this.#looks.set(socket, { unread, atMs: performance.now() });
      return false;
    }
    return performance.now() - look.atMs > PATIENCE_MS;
  }
}

// Messages out of a socket, by the specification: 8 bytes, little-endian, at most one descriptor.
// Rule 1: it decodes by itself; nothing here comes from `src`.
// Rule 2: who gets a message owns its descriptor; the rest is the reader's until `close`.
import type { Fd } from '../../native/fd.js';
import { MessageReceiver } from '../../native/message-receiver.js';

/** One message as it came. */
export interface ReadMessage {
  readonly number: number;
  readonly fd: Fd | undefined;
  /** The eight bytes, and `fd` where a descriptor came with them: `0100000000000000 fd`. */
  readonly text: string;
}

const receiver = new MessageReceiver();

export class MessageReader {
  readonly socket: Fd;
  readonly #bytes: number[] = [];
  #fd: Fd | undefined;
  #isOver = false;

  /** Owns the socket. */
  constructor(socket: Fd) {
    this.socket = socket;
  }

  /** Whether the other end closed, and that was read. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** Whether a message has begun and not ended. */
  get isInside(): boolean {
    return this.#bytes.length > 0 || this.#fd !== undefined;
  }

  /**
   * Reads what is there, at most so many bytes, and hands on each message that is complete. Throws
   * on more than one descriptor in a message.
   */
  read(take: (message: ReadMessage) => void, atMost = Infinity): void {
    for (let left = atMost; left > 0 && !this.#isOver;) {
      const received = receiver.receive(this.socket, Math.min(left, 8 - this.#bytes.length));
      if (!received) return;
      if (received.isTruncated || (received.fd && this.#fd)) {
        received.fd?.close();
        throw new Error('a message has more than one descriptor');
      }
      this.#fd ??= received.fd;
      left -= received.bytes.length;
      this.#bytes.push(...received.bytes);
      if (received.bytes.length === 0) this.#isOver = true;
      if (this.#bytes.length === 8) take(this.#message());
    }
  }

  /** Closes the socket, at whatever byte it is; again does nothing. */
  close(): void {
    this.socket.close();
    this.#fd?.close();
  }

  #message(): ReadMessage {
    const bytes = Buffer.from(this.#bytes.splice(0));
    const fd = this.#fd;
    this.#fd = undefined;
    const text = `${bytes.toString('hex')}${fd ? ' fd' : ''}`;
    return { number: Number(bytes.readBigInt64LE()), fd, text };
  }
}

// The ivshmem wire: what its messages are, and nothing about who sends them when.
// Source: docs/specs/ivshmem-spec in QEMU, "Client-Server protocol".
//
// Rule 1: a message is an 8-byte little-endian signed number with at most one descriptor.
// Rule 2: descriptors are of an opaque type: held, passed on, never touched.
// Rule 3: "need more bytes" is a value (undefined), not an error.

/** The only version there is. Anything else makes a QEMU device give up, cleanly. */
export const PROTOCOL_VERSION = 0;
/** The number that comes with the memory's descriptor. */
export const MEMORY_MARK = -1;
/** Peer IDs are 0–65535: the Doorbell register has 16 bits for them. */
export const MAX_PEER_ID = 65_535;
/** The most vectors a region can have: what MSI-X allows one device (PCI 3.0, 6.8.2). */
export const MAX_VECTORS = 2_048;
/** Bytes in a message. */
export const MESSAGE_BYTES = 8;

/** A number, and perhaps a descriptor. */
export interface Message<Fd> {
  readonly number: number;
  readonly fd?: Fd | undefined;
}

/** "Peer `id` is there": one message per vector, from 0 on. To `id` itself: where its interrupts arrive. */
export function joinMessages<Fd>(id: number, doorbells: readonly Fd[]): Message<Fd>[] {
  return doorbells.map((fd) => ({ number: id, fd }));
}

/** Puts messages together from the pieces in which a stream delivers them. */
export class MessageDecoder<Fd> {
  readonly #bytes = new Uint8Array(MESSAGE_BYTES);
  #length = 0;
  #fd: Fd | undefined;

  /** How many bytes to read next, 1–8. To read more would cross into the next message. */
  get wants(): number {
    return MESSAGE_BYTES - this.#length;
  }

  /** The descriptor of a message whose end has not come: whoever gives up on the stream owns it again. */
  get pendingFd(): Fd | undefined {
    return this.#fd;
  }

  /**
   * Takes at most `wants` bytes and the descriptor that came with them; returns the message once it
   * is whole. Throws RangeError, and changes nothing, on more bytes or on a second descriptor.
   */
  push(bytes: Uint8Array, fd?: Fd): Message<Fd> | undefined {
    if (bytes.length > this.wants) throw new RangeError('more bytes than the message lacks');
    if (fd !== undefined && this.#fd !== undefined) {
      throw new RangeError('two descriptors in one message');
    }
    this.#fd ??= fd;
    this.#bytes.set(bytes, this.#length);
    this.#length += bytes.length;
    if (this.#length < MESSAGE_BYTES) return undefined;
    const number = Number(new DataView(this.#bytes.buffer).getBigInt64(0, true));
    const message = { number, fd: this.#fd };
    this.#length = 0;
    this.#fd = undefined;
    return message;
  }
}

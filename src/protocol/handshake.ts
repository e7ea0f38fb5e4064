// The receiving half of the protocol: what a peer makes of the messages a server sends.
// Source: docs/specs/ivshmem-spec in QEMU, "Client-Server protocol".
//
// Rule 1: one message in, one fact out. Whoever gets the fact owns the descriptor in it.
// Rule 2: a message that is not allowed here throws and changes nothing; its descriptor stays the
//         caller's to close.
// Rule 3: the end of the initial messages cannot be seen: nobody says how many vectors there are.
import { ProtocolError, type ProtocolErrorCode } from './protocol-error.js';
import { MAX_PEER_ID, MAX_VECTORS, MEMORY_MARK, PROTOCOL_VERSION, type Message } from './wire.js';

/** What a message says. */
export type Fact<Fd> =
  | { readonly type: 'version' }
  /** Our own ID. */
  | { readonly type: 'id'; readonly id: number }
  | { readonly type: 'memory'; readonly fd: Fd }
  /** A doorbell of peer `id`; if that is ourselves, where our interrupts of this vector arrive. */
  | { readonly type: 'doorbell'; readonly id: number; readonly vector: number; readonly fd: Fd }
  | { readonly type: 'leave'; readonly id: number };

/** One connection's receiving half. */
export class Handshake<Fd> {
  #isVersionKnown = false;
  #id: number | undefined;
  #hasMemory = false;
  readonly #vectors = new Map<number, number>();

  /** Our own ID, once told. */
  get id(): number | undefined {
    return this.#id;
  }

  /** Vectors told so far, by peer ID, our own included. */
  get vectors(): ReadonlyMap<number, number> {
    return this.#vectors;
  }

  /** Takes the next message. Throws ProtocolError. */
  receive(message: Message<Fd>): Fact<Fd> {
    if (!this.#isVersionKnown) return this.#receiveVersion(message);
    if (this.#id === undefined) return this.#receiveId(message);
    if (!this.#hasMemory) return this.#receiveMemory(message);
    return message.fd === undefined
      ? this.#receiveLeave(message.number)
      : this.#receiveDoorbell(message.number, message.fd);
  }

  #receiveVersion({ number, fd }: Message<Fd>): Fact<Fd> {
    if (number < 0) {
      throw new ProtocolError('ERR_IVSHMEM_REFUSED', `the server refused: ${number}`, number);
    }
    if (number !== PROTOCOL_VERSION || fd !== undefined) {
      throw unexpected('ERR_IVSHMEM_VERSION', 'version 0', { number, fd });
    }
    this.#isVersionKnown = true;
    return { type: 'version' };
  }

  #receiveId({ number, fd }: Message<Fd>): Fact<Fd> {
    if (!isPeerId(number) || fd !== undefined) {
      throw unexpected('ERR_IVSHMEM_ID', 'our ID', { number, fd });
    }
    this.#id = number;
    return { type: 'id', id: number };
  }

  #receiveMemory({ number, fd }: Message<Fd>): Fact<Fd> {
    if (number !== MEMORY_MARK || fd === undefined) {
      throw unexpected('ERR_IVSHMEM_MEMORY', 'the memory', { number, fd });
    }
    this.#hasMemory = true;
    return { type: 'memory', fd };
  }

  #receiveDoorbell(id: number, fd: Fd): Fact<Fd> {
    const vector = this.#vectors.get(id) ?? 0;
    if (!isPeerId(id) || vector === MAX_VECTORS) {
      throw new ProtocolError('ERR_IVSHMEM_JOIN', `the server sent vector ${vector} of peer ${id}`);
    }
    this.#vectors.set(id, vector + 1);
    return { type: 'doorbell', id, vector, fd };
  }

  #receiveLeave(id: number): Fact<Fd> {
    if (id === this.#id || !this.#vectors.delete(id)) {
      throw new ProtocolError(
        'ERR_IVSHMEM_LEAVE',
        `the server sent a leave of peer ${id}, not there`,
      );
    }
    return { type: 'leave', id };
  }
}

function isPeerId(number: number): boolean {
  return number >= 0 && number <= MAX_PEER_ID;
}

function unexpected<Fd>(
  code: ProtocolErrorCode,
  expected: string,
  { number, fd }: Message<Fd>,
): ProtocolError {
  const sent = fd === undefined ? `${number}` : `${number} with a descriptor`;
  return new ProtocolError(code, `expected ${expected}, the server sent ${sent}`);
}

// What a server sends, from a socket: bytes and descriptors in, facts out.
//
// Rule 1: a read never asks for more bytes than the message lacks: their descriptor would land on the
//         wrong message.
// Rule 2: an own doorbell is an eventfd, whoever the server is: it will be watched, and a file or
//         /dev/null would abort the process.
// Rule 3: who gets a fact owns the descriptor in it; whatever else came is closed here.
import { isEventfd } from '../../native/eventfd.js';
import type { Fd } from '../../native/fd.js';
import { MessageReceiver } from '../../native/message-receiver.js';
import { describeErrno } from '../../native/system-error.js';
import { Handshake, type Fact } from '../protocol/handshake.js';
import { ProtocolError } from '../protocol/protocol-error.js';
import { refusalMeaning } from '../protocol/refusal-reason.js';
import { MESSAGE_BYTES, MessageDecoder, type Message } from '../protocol/wire.js';
import { PeerError } from './peer-error.js';

const receiver = new MessageReceiver();

/** One connection's incoming half. */
export class Inbound {
  readonly #socket: Fd;
  readonly #decoder = new MessageDecoder<Fd>();
  readonly #handshake = new Handshake<Fd>();

  /** The socket stays the caller's. */
  constructor(socket: Fd) {
    this.#socket = socket;
  }

  /**
   * The next fact; undefined when nothing is there yet, `end` when the server closed between two
   * messages. Throws ProtocolError, PeerError (HANG_UP inside a message, TRUNCATED), SystemError
   * (ECONNRESET): the connection is of no use any more.
   */
  next(): Fact<Fd> | 'end' | undefined {
    for (;;) {
      const received = receiver.receive(this.#socket, this.#decoder.wants);
      if (received === undefined) return undefined;
      const { bytes, fd, isTruncated } = received;
      if (isTruncated || (fd !== undefined && this.#decoder.pendingFd !== undefined)) {
        fd?.close();
        throw lostDescriptor();
      }
      if (bytes.length === 0) return this.#end();
      const message = this.#decoder.push(bytes, fd);
      if (message !== undefined) return this.#take(message);
    }
  }

  /** Closes what came of a message that is not complete. */
  close(): void {
    this.#decoder.pendingFd?.close();
  }

  #take(message: Message<Fd>): Fact<Fd> {
    try {
      const fact = this.#handshake.receive(message);
      if (fact.type === 'doorbell' && fact.id === this.#handshake.id && !isEventfd(fact.fd)) {
        throw new ProtocolError('ERR_IVSHMEM_JOIN', `our vector ${fact.vector} is no eventfd`);
      }
      return fact;
    } catch (error) {
      message.fd?.close();
      if (error instanceof ProtocolError && error.refusal !== undefined) {
        throw refusedBy(error.refusal);
      }
      throw error;
    }
  }

  #end(): 'end' {
    if (this.#decoder.wants === MESSAGE_BYTES) return 'end';
    throw new PeerError('ERR_IVSHMEM_HANG_UP', 'the server closed inside a message');
  }
}

function lostDescriptor(): PeerError {
  return new PeerError(
    'ERR_IVSHMEM_TRUNCATED',
    "a descriptor was lost: this process has no room for more (raise its limit, ulimit -n), or the server's message had two",
  );
}

/** To whoever reads it, the reason: what our server means by the number, or else the system's text. */
export function refusedBy(refusal: number): ProtocolError {
  const [name, text] = describeErrno(-refusal);
  const message = `the server refused: ${refusal} ${name}, ${refusalMeaning(refusal) ?? text}; its log says more`;
  return new ProtocolError('ERR_IVSHMEM_REFUSED', message, refusal);
}

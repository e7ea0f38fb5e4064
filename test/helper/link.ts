// A fake link between the two halves of the protocol: what a membership says goes through a bounded
// outbox, becomes bytes and is decoded again. Descriptors are strings.
//
// Rule 1: the bytes are made here, not by the code under test.
import { Handshake, type Fact } from '../../src/protocol/handshake.js';
import type { Entry } from '../../src/protocol/join-log.js';
import type { Membership, Outbox, PeerState } from '../../src/protocol/membership.js';
import { MessageDecoder, type Message } from '../../src/protocol/wire.js';

/** What a membership takes for encoded messages. */
export type Rows = readonly Message<string>[];

/** The bytes of a message's number, as the specification has them: little-endian int64. */
export function hexOf(number: number): string {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(BigInt(number));
  return bytes.toString('hex');
}

/** A message as people read it: `0100000000000000 doorbell 1.0`. */
export function textOf({ number, fd }: Message<string>): string {
  return fd === undefined ? hexOf(number) : `${hexOf(number)} ${fd}`;
}

/** The one message (−1, memory). */
export const memory: Rows = [{ number: -1, fd: 'memory' }];

/** The join of peer `id`: doorbells called `id.vector`. */
export function doorbells(id: number, vectors: number): Rows {
  return Array.from({ length: vectors }, (_, vector) => ({ number: id, fd: `${id}.${vector}` }));
}

/** Takes so many messages and minds that nobody gives it more. */
export class BoundedOutbox implements Outbox<Rows> {
  readonly messages: Message<string>[] = [];
  readonly #capacity: number;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get room(): number {
    return this.#capacity - this.messages.length;
  }

  addNumber(number: number): void {
    this.#add([{ number }]);
  }

  addRows(rows: Rows, from: number, count: number): void {
    this.#add(rows.slice(from, from + count));
    if (count < 1 || from + count > rows.length) throw new RangeError('rows that are not there');
  }

  #add(messages: Rows): void {
    if (messages.length > this.room) throw new RangeError('more than there is room for');
    this.messages.push(...messages);
  }
}

/** A membership's peer and, at the other end of the link, its handshake. */
export class LinkedPeer {
  readonly state: PeerState<Rows>;
  readonly handshake = new Handshake<string>();
  /** Every message that came, as text. */
  readonly transcript: string[] = [];
  readonly facts: Fact<string>[] = [];
  readonly #membership: Membership<Rows>;
  readonly #decoder = new MessageDecoder<string>();

  constructor(membership: Membership<Rows>, state: PeerState<Rows>) {
    this.#membership = membership;
    this.state = state;
  }

  /** Joins with doorbells of its own. Throws when no ID is left. */
  static join(membership: Membership<Rows>): LinkedPeer {
    const state = membership.join((id) => doorbells(id, membership.vectors));
    if (!state) throw new Error('no ID is left');
    return new LinkedPeer(membership, state);
  }

  /** The owner of a slot, who comes or comes back. */
  static enter(membership: Membership<Rows>, entry: Entry<Rows>): LinkedPeer {
    return new LinkedPeer(membership, membership.enter(entry));
  }

  /** Fills an outbox of `room` messages, of which the "kernel" takes at most `taken`; returns those. */
  serve(room = Infinity, taken = Infinity): Rows {
    const outbox = new BoundedOutbox(room);
    this.#membership.fill(this.state, outbox);
    const messages = outbox.messages.slice(0, taken);
    this.#membership.told(this.state, messages.length);
    for (const message of messages) this.#receive(message);
    return messages;
  }

  /** What came since the last call, as text. */
  news(): string[] {
    return this.transcript.splice(0);
  }

  #receive(sent: Message<string>): void {
    this.transcript.push(textOf(sent));
    const message = this.#decoder.push(Buffer.from(hexOf(sent.number), 'hex'), sent.fd);
    if (!message) throw new Error('eight bytes make a message');
    this.facts.push(this.handshake.receive(message));
  }
}

// Messages out: an 8-byte number with at most one descriptor each, many per system call.
// https://man7.org/linux/man-pages/man2/sendmmsg.2.html
//
// Theory of operation. A message is encoded once, as a row of native memory: struct mmsghdr and
// behind it the iovec, the number and the cmsghdr it points to by absolute address. A row can thus
// be copied elsewhere and still points to its own data. To send, rows are copied one after the
// other into a batch, whose array the kernel reads in a single sendmmsg. The kernel never merges
// messages that carry descriptors, and an 8-byte message is sent whole or not at all.
//
// Rule 1: rows own the descriptors in them. Closing the rows closes the descriptors, and closed rows
//         can no longer be sent: a recycled number never reaches a peer.
import type { Fd } from './fd.js';
import { addressOf, libc, type Address } from './libc.js';
import { checkReady } from './system-error.js';

const HEADER_BYTES = 64; // struct mmsghdr
const IOVEC_BYTES = 16;
const NUMBER_BYTES = 8;
const CONTROL_BYTES = 24; // CMSG_SPACE(sizeof(int))
const CONTROL_LENGTH = 20; // CMSG_LEN(sizeof(int))
const SOL_SOCKET = 1;
const SCM_RIGHTS = 1;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** One message: a number (a safe integer, sent as int64 little-endian), and perhaps a descriptor. */
export interface OutgoingMessage {
  readonly number: number;
  readonly fd?: Fd | undefined;
}

/** Messages encoded once, to be sent to any number of peers. Owns the descriptors in them. */
export class MessageRows implements Disposable {
  readonly #fds: readonly Fd[];
  readonly #table: RowTable;
  #isOpen = true;

  /** Takes ownership of the descriptors. A row keeps pointing at its data by address. */
  constructor(messages: readonly OutgoingMessage[]) {
    this.#fds = messages.flatMap((message) => message.fd ?? []);
    this.#table = new RowTable(messages.length);
    messages.forEach((message, row) => {
      this.#table.write(row, message.number, message.fd?.rawFd);
    });
  }

  /** The rows' bytes from `from`, `count` of them. Throws RangeError; `ERR_IVSHMEM_FD_CLOSED` after close. */
  headers(from: number, count: number): Uint8Array {
    if (!this.#isOpen) {
      throw Object.assign(new Error('the messages are closed'), { code: 'ERR_IVSHMEM_FD_CLOSED' });
    }
    return this.#table.headers(from, count);
  }

  /** Closes the descriptors; again does nothing. What the kernel already queued stays good. */
  close(): void {
    this.#isOpen = false;
    for (const fd of this.#fds) fd.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

/** An array of messages for one `sendmmsg`; made once, filled and sent over and over. */
export class MessageBatch {
  readonly capacity: number;
  readonly #numbers: RowTable;
  readonly #headers: Uint8Array;
  readonly #address: Address;
  #limit: number;
  #count = 0;

  /** `capacity`: 1–1024 messages (UIO_MAXIOV, the kernel's limit for one call). */
  constructor(capacity: number) {
    this.capacity = capacity;
    this.#limit = capacity;
    this.#numbers = new RowTable(capacity);
    const headers = new ArrayBuffer(capacity * HEADER_BYTES);
    this.#headers = new Uint8Array(headers);
    this.#address = addressOf(headers);
  }

  /** How many more messages fit. */
  get room(): number {
    return this.#limit - this.#count;
  }

  get count(): number {
    return this.#count;
  }

  /** Empties it, to be filled again with at most `limit` messages. */
  clear(limit: number = this.capacity): void {
    this.#limit = Math.min(limit, this.capacity);
    this.#count = 0;
  }

  /** Appends a message without descriptor. The caller minds `room`: RangeError beyond `capacity`. */
  addNumber(number: number): void {
    const header = this.#numbers.headers(this.#count, 1);
    this.#numbers.write(this.#count, number, undefined);
    this.#append(header);
  }

  /** Appends `count` encoded messages from `from` on. The caller minds `room`: RangeError beyond `capacity`. */
  addRows(rows: MessageRows, from: number, count: number): void {
    this.#append(rows.headers(from, count));
  }

  /**
   * Sends what it holds; returns how many messages the kernel took, 0 when the socket is full.
   * Throws SystemError: EPIPE and ECONNRESET (the peer is gone), ENOBUFS, ENOMEM, ETOOMANYREFS.
   */
  send(socket: Fd): number {
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    const sent = libc.sendmmsg(socket.rawFd, this.#address, this.#count, flags);
    return checkReady(sent, 'sendmmsg') ?? 0;
  }

  #append(headers: Uint8Array): void {
    this.#headers.set(headers, this.#count * HEADER_BYTES);
    this.#count += headers.length / HEADER_BYTES;
  }
}

// Headers, iovecs, numbers and control data of `count` messages in one piece of native memory.
class RowTable {
  readonly #headers: Uint8Array;
  readonly #view: DataView;
  readonly #address: number;
  readonly #iovecs: number;
  readonly #numbers: number;
  readonly #controls: number;

  constructor(count: number) {
    this.#iovecs = count * HEADER_BYTES;
    this.#numbers = this.#iovecs + count * IOVEC_BYTES;
    this.#controls = this.#numbers + count * NUMBER_BYTES;
    const memory = new ArrayBuffer(this.#controls + count * CONTROL_BYTES);
    this.#view = new DataView(memory);
    this.#address = Number(addressOf(memory)); // below 2^53, as all addresses are
    this.#headers = new Uint8Array(memory, 0, this.#iovecs);
  }

  // Strict: a row that is not there would have the kernel send what lies behind.
  headers(from: number, count: number): Uint8Array {
    // All of them, nearly always: no view has to be made for that.
    if (from === 0 && count * HEADER_BYTES === this.#headers.length) return this.#headers;
    const part = this.#headers.subarray(from * HEADER_BYTES, (from + count) * HEADER_BYTES);
    if (part.length !== count * HEADER_BYTES) throw new RangeError('no such row of messages');
    return part;
  }

  write(row: number, number: number, rawFd: number | undefined): void {
    const header = row * HEADER_BYTES;
    const iovec = this.#iovecs + row * IOVEC_BYTES;
    const data = this.#numbers + row * NUMBER_BYTES;
    this.#pointer(header + 16, iovec); // msg_iov
    this.#view.setUint32(header + 24, 1, true); // msg_iovlen
    this.#pointer(iovec, data); // iov_base
    this.#view.setUint32(iovec + 8, NUMBER_BYTES, true); // iov_len
    this.#integer(data, number);
    if (rawFd === undefined) return;
    const control = this.#controls + row * CONTROL_BYTES;
    this.#pointer(header + 32, control); // msg_control
    this.#view.setUint32(header + 40, CONTROL_LENGTH, true); // msg_controllen
    this.#view.setUint32(control, CONTROL_LENGTH, true); // cmsg_len
    this.#view.setInt32(control + 8, SOL_SOCKET, true); // cmsg_level
    this.#view.setInt32(control + 12, SCM_RIGHTS, true); // cmsg_type
    this.#view.setInt32(control + 16, rawFd, true);
  }

  #pointer(at: number, to: number): void {
    this.#integer(at, this.#address + to);
  }

  // An int64 in two halves: a bigint would be made for each.
  #integer(at: number, value: number): void {
    this.#view.setInt32(at, value, true);
    this.#view.setInt32(at + 4, Math.floor(value / 2 ** 32), true);
  }
}

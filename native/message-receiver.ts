// Messages in: one recvmsg, at most one descriptor.
// https://man7.org/linux/man-pages/man2/recvmsg.2.html
//
// Rule 1: it asks for as many bytes as the caller wants and never more: beyond the end of a message
//         lie the next one's bytes, and their descriptor would land on the wrong message.
// Rule 2: a received descriptor is owned (Fd) before anything else happens.
import { Fd } from './fd.js';
import { addressOf, libc, type Address } from './libc.js';
import { checkReady } from './system-error.js';

const CONTROL_LENGTH = 20; // CMSG_LEN(sizeof(int)): room for one descriptor, a second truncates
const MSG_DONTWAIT = 0x40;
const MSG_CMSG_CLOEXEC = 0x40000000;
const MSG_CTRUNC = 8;

/** What one receive brought. */
export interface Received {
  /** The bytes, at most as many as wanted; empty when the other end closed. Valid until the next receive. */
  readonly bytes: Uint8Array;
  /** The descriptor that came with them; the caller owns it. */
  readonly fd: Fd | undefined;
  /** A descriptor was lost: there were two, or this process has no room. The connection cannot be trusted any more. */
  readonly isTruncated: boolean;
}

/** Receives from any number of sockets, one message at a time. */
export class MessageReceiver {
  readonly #memory = new ArrayBuffer(128);
  readonly #view = new DataView(this.#memory);
  readonly #bytes = new Uint8Array(this.#memory, 96, 32);
  readonly #address: Address = addressOf(this.#memory);

  /**
   * Up to `wanted` bytes (1–32) and their descriptor; undefined when nothing is there.
   * Throws SystemError ECONNRESET.
   */
  receive(socket: Fd, wanted: number): Received | undefined {
    this.#prepare(wanted);
    const flags = MSG_DONTWAIT | MSG_CMSG_CLOEXEC;
    const length = checkReady(libc.recvmsg(socket.rawFd, this.#address, flags), 'recvmsg');
    if (length === undefined) return undefined;
    return {
      bytes: this.#bytes.subarray(0, length),
      // msg_controllen tells whether a control message was written (0 if not).
      fd: this.#view.getUint32(40, true) === 0 ? undefined : new Fd(this.#view.getInt32(88, true)),
      isTruncated: (this.#view.getUint32(48, true) & MSG_CTRUNC) !== 0,
    };
  }

  // struct msghdr at 0, iovec at 56, one cmsghdr at 72 (its data at 88), the bytes at 96.
  #prepare(wanted: number): void {
    const view = this.#view;
    view.setBigUint64(16, this.#address + 56n, true); // msg_iov
    view.setUint32(24, 1, true); // msg_iovlen
    view.setBigUint64(32, this.#address + 72n, true); // msg_control
    view.setUint32(40, CONTROL_LENGTH, true); // msg_controllen
    view.setBigUint64(56, this.#address + 96n, true); // iov_base
    view.setUint32(64, Math.min(wanted, this.#bytes.length), true); // iov_len
  }
}

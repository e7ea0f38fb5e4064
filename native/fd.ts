// An owned descriptor: the only form in which descriptors travel through the house.
//
// Rule 1: a raw number lives inside a kernel call and nowhere else; whoever holds an Fd owns it.
// Rule 2: closed exactly once. A number used after its close could by then be another file, and
//         hand one VM another VM's doorbell: using a closed Fd throws instead.
import { libc } from './libc.js';
import { errno, lastErrno, SystemError } from './system-error.js';

/** A descriptor that somebody owns, and closes. */
export class Fd implements Disposable {
  static #open = 0;
  #rawFd: number;
  readonly #release: (rawFd: number) => void;

  /** How many descriptors this process owns through this class; tests compare before and after. */
  static get open(): number {
    return Fd.#open;
  }

  /** Takes ownership of a descriptor that a kernel call just returned; `release` closes it. */
  constructor(rawFd: number, release = closeRaw) {
    this.#rawFd = rawFd;
    this.#release = release;
    Fd.#open += 1;
  }

  /** The number, for one kernel call: not to be kept. Throws `ERR_IVSHMEM_FD_CLOSED`. */
  get rawFd(): number {
    if (this.#rawFd < 0) {
      throw Object.assign(new Error('the descriptor is closed'), { code: 'ERR_IVSHMEM_FD_CLOSED' });
    }
    return this.#rawFd;
  }

  get isOpen(): boolean {
    return this.#rawFd >= 0;
  }

  /**
   * Closes the descriptor; again does nothing. Throws EBADF: somebody else has closed it.
   */
  close(): void {
    if (this.#rawFd < 0) return;
    const rawFd = this.#rawFd;
    this.#rawFd = -1;
    Fd.#open -= 1;
    this.#release(rawFd);
  }

  /** Gives the descriptor up without closing it: who gets the number closes it, as Node's own sockets do. */
  disown(): number {
    const { rawFd } = this;
    this.#rawFd = -1;
    Fd.#open -= 1;
    return rawFd;
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

// Errors other than EBADF cannot be acted upon: Linux frees the number in any case.
// https://man7.org/linux/man-pages/man2/close.2.html
function closeRaw(rawFd: number): void {
  if (libc.close(rawFd) < 0 && lastErrno() === errno.EBADF) {
    throw new SystemError(errno.EBADF, 'close');
  }
}

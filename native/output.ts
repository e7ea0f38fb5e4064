// Text to a descriptor that somebody else may read, slowly or never: written without ever blocking.
//
// A pipe or terminal is opened again through /proc, for a file description of its own: to set
// O_NONBLOCK on the inherited one would change it for the shell and everybody else who holds it.
// Where that is not allowed (the terminal or pipe of another user), it is polled before each small
// write. A socket cannot be opened again; it has MSG_DONTWAIT instead. A file is written as it is: it never
// blocks, and who shares it (`>log 2>&1`) shares its position, too.
//
// Rule 1: a write takes what fits now and says how much that was.
import { closeSync, constants, fstatSync, openSync, writeSync } from 'node:fs';
import { addressOf, libc } from './libc.js';
import { isWritable } from './poll.js';
import { checkReady } from './system-error.js';

const POLLED_BYTES = 512; // the least that PIPE_BUF may be
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;

/** Writes some of the bytes; returns how many went, 0 when it would block. Throws EPIPE, ENOSPC, … */
export interface Output extends Disposable {
  write(bytes: Uint8Array): number;
}

/** A non-blocking writer on an open descriptor number, which stays the caller's. Throws EBADF, EACCES. */
export function openOutput(rawFd: number): Output {
  const stats = fstatSync(rawFd);
  if (stats.isSocket()) return new SocketOutput(rawFd);
  if (stats.isFile()) return new FileOutput(rawFd);
  try {
    return new PipeOutput(rawFd);
  } catch {
    return new PolledOutput(rawFd);
  }
}

class PipeOutput implements Output {
  readonly #rawFd: number;

  constructor(rawFd: number) {
    const flags = constants.O_WRONLY | constants.O_NONBLOCK | constants.O_NOCTTY;
    this.#rawFd = openSync(`/proc/self/fd/${rawFd}`, flags);
  }

  write(bytes: Uint8Array): number {
    try {
      return writeSync(this.#rawFd, bytes);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return 0;
      throw error;
    }
  }

  [Symbol.dispose](): void {
    closeSync(this.#rawFd);
  }
}

// poll's word holds for PIPE_BUF bytes at least, unless another writer is faster.
// https://man7.org/linux/man-pages/man7/pipe.7.html
class PolledOutput implements Output {
  readonly #rawFd: number;

  constructor(rawFd: number) {
    this.#rawFd = rawFd;
  }

  write(bytes: Uint8Array): number {
    if (!isWritable(this.#rawFd)) return 0;
    return writeSync(this.#rawFd, bytes, 0, Math.min(bytes.length, POLLED_BYTES));
  }

  [Symbol.dispose](): void {
    // Nothing of its own to release.
  }
}

class FileOutput implements Output {
  readonly #rawFd: number;

  constructor(rawFd: number) {
    this.#rawFd = rawFd;
  }

  write(bytes: Uint8Array): number {
    return writeSync(this.#rawFd, bytes);
  }

  [Symbol.dispose](): void {
    // Nothing of its own to release.
  }
}

class SocketOutput implements Output {
  readonly #rawFd: number;
  readonly #buffer = new ArrayBuffer(4096);

  constructor(rawFd: number) {
    this.#rawFd = rawFd;
  }

  write(bytes: Uint8Array): number {
    const part = bytes.subarray(0, this.#buffer.byteLength);
    new Uint8Array(this.#buffer).set(part);
    const flags = MSG_DONTWAIT | MSG_NOSIGNAL;
    const sent = libc.send(this.#rawFd, addressOf(this.#buffer), part.length, flags);
    return checkReady(sent, 'send') ?? 0;
  }

  [Symbol.dispose](): void {
    // Nothing of its own to release.
  }
}

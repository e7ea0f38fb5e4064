// Shared memory in this process's address space, as an ArrayBuffer without a copy.
// https://man7.org/linux/man-pages/man2/mmap.2.html
//
// Rule 1: whatever JavaScript does with a buffer, before or after the end, the addresses behind it are
//         mapped. To end a mapping is to put private zeroes in its place, in one kernel act, so that a
//         write that is under way in another thread finds the one or the other.
// Rule 2: the zeroes go when nothing can reach them any more: when the buffer was collected, and
//         nobody has moved its store into another buffer.
import { constants } from 'node:buffer';
import { fstatSync } from 'node:fs';
import koffi from 'koffi';
import type { Fd } from './fd.js';
import { libc, type Address } from './libc.js';
import { check } from './system-error.js';

const PROT_READ_WRITE = 1 | 2;
const MAP_SHARED = 1;
const MAP_PRIVATE = 2;
const MAP_FIXED = 0x10;
const MAP_ANONYMOUS = 0x20;
const MAP_NORESERVE = 0x4000;
const NO_FD = -1;

/** The most bytes that one mapping can have: what this version of Node allows an ArrayBuffer. */
export const MAX_MAPPING_BYTES = constants.MAX_LENGTH;

/** A range of bytes of the object. */
export interface MappedRange {
  readonly offset: number;
  /** 1 to MAX_MAPPING_BYTES, and not beyond the object's end: RangeError otherwise. */
  readonly length: number;
}

// From Node 22 on a program can move the store of a buffer into another one.
interface Movable {
  readonly detached?: boolean;
  readonly transfer?: () => ArrayBuffer;
}

interface Span {
  readonly address: Address;
  readonly length: number;
}

const unreachable = new FinalizationRegistry<Span>(({ address, length }) => {
  libc.munmap(address, length);
});

/** A mapping that is there until it is closed. */
export class Mapping implements Disposable {
  readonly #span: Span;
  readonly #buffer: ArrayBuffer;
  readonly #onClose: () => void;
  #isOpen = true;

  /**
   * Maps a range of the object, to read and to write; the descriptor stays the caller's. `onClose` is
   * called once, by `close`. Throws SystemError (ENOMEM, EACCES), RangeError.
   */
  constructor(fd: Fd, { offset, length }: MappedRange, onClose = (): void => undefined) {
    const { size, blksize } = fstatSync(fd.rawFd);
    if (!(offset >= 0 && length > 0 && offset + length <= size && length <= MAX_MAPPING_BYTES)) {
      throw new RangeError(`bytes ${offset}–${offset + length} cannot be mapped of ${size}`);
    }
    // The kernel maps whole pages; of hugetlbfs a block is a huge one.
    const start = offset - (offset % blksize);
    const end = Math.ceil((offset + length) / blksize) * blksize;
    this.#span = map(fd.rawFd, start, end - start);
    this.#buffer = koffi.view(this.#span.address + BigInt(offset - start), length);
    this.#onClose = onClose;
  }

  /**
   * The bytes. After `close` they are no longer the object's: where the engine can take them away
   * (from Node 22 on) the buffer is detached, its length 0; otherwise it keeps its length, reads as
   * zeroes, and what is written goes nowhere.
   */
  get buffer(): ArrayBuffer {
    return this.#buffer;
  }

  /** Ends it; again does nothing. Should the kernel lack the memory to (ENOMEM), the object stays mapped. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#onClose();
    const { address, length } = this.#span;
    const flags = MAP_PRIVATE | MAP_FIXED | MAP_ANONYMOUS | MAP_NORESERVE;
    libc.mmap(address, length, PROT_READ_WRITE, flags, NO_FD, 0);
    const movable = this.#buffer as Movable;
    if (movable.detached === true) return; // another buffer, which we do not know, has the addresses
    // A native call that is under way (zlib, crypto) references the buffer that it got, this one.
    unreachable.register(this.#buffer, this.#span);
    movable.transfer?.();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function map(rawFd: number, offset: number, length: number): Span {
  const address = libc.mmap(0n, length, PROT_READ_WRITE, MAP_SHARED, rawFd, offset);
  return { address: BigInt(check(address, 'mmap')), length };
}

// The region's memory, as a peer has it: the descriptor, and what is mapped of it.
//
// Rule 1: nothing is mapped before somebody asks for it; what was is ended with the peer.
import { fstatSync } from 'node:fs';
import type { Fd } from '../../native/fd.js';
import { Mapping, MAX_MAPPING_BYTES, type MappedRange } from '../../native/mapping.js';
import { readBeginning } from '../../native/memory.js';
import {
  decodeMemoryHeader,
  hasMemoryHeader,
  MEMORY_HEADER_BYTES,
} from '../protocol/memory-header.js';
import { closed, PeerError } from './peer-error.js';

/** One memory. */
export class PeerMemory {
  readonly #fd: Fd;
  #whole: Mapping | undefined;
  readonly #mappings = new Set<Mapping>();

  /** Owns the descriptor. */
  constructor(fd: Fd) {
    this.#fd = fd;
  }

  /** Its size in bytes, as the kernel says now. */
  get sizeBytes(): number {
    this.#checkOpen();
    return fstatSync(this.#fd.rawFd).size;
  }

  /** Its label, as the header says now; undefined without one. Throws MemoryHeaderError. */
  get label(): string | undefined {
    const { sizeBytes } = this;
    const beginning = readBeginning(this.#fd, MEMORY_HEADER_BYTES);
    if (!hasMemoryHeader(beginning)) return undefined;
    return decodeMemoryHeader(beginning, sizeBytes).label;
  }

  /** All of it. After the end an error, not the harmless buffer that it was. */
  get whole(): ArrayBuffer {
    this.#checkOpen();
    this.#whole ??= this.map({ offset: 0, length: this.sizeBytes });
    return this.#whole.buffer;
  }

  /** A part of it. Throws PeerError ERR_IVSHMEM_RANGE, SystemError (ENOMEM). */
  map(range: MappedRange): Mapping {
    const { sizeBytes } = this;
    const { offset, length } = range;
    if (!(Number.isInteger(offset) && Number.isInteger(length) && offset >= 0 && length >= 1)) {
      throw outOf(range, 'an offset is 0 or more bytes, a length 1 or more');
    }
    if (offset + length > sizeBytes) throw outOf(range, `the memory has ${sizeBytes} bytes`);
    if (length > MAX_MAPPING_BYTES) {
      throw outOf(range, `an ArrayBuffer has at most ${MAX_MAPPING_BYTES} bytes: map a part`);
    }
    // What is closed is not remembered: addresses are given back only when nothing refers to them.
    const mapping = new Mapping(this.#fd, range, () => this.#mappings.delete(mapping));
    this.#mappings.add(mapping);
    return mapping;
  }

  /** The descriptor's number, for a PeerHandle. */
  get rawFd(): number {
    this.#checkOpen();
    return this.#fd.rawFd;
  }

  /** Ends all mappings, and closes the descriptor; again does nothing. */
  close(): void {
    for (const mapping of this.#mappings) mapping.close();
    this.#mappings.clear();
    this.#fd.close();
  }

  #checkOpen(): void {
    if (!this.#fd.isOpen) throw closed();
  }
}

function outOf({ offset, length }: MappedRange, why: string): PeerError {
  return new PeerError('ERR_IVSHMEM_RANGE', `no ${length} bytes at ${offset}: ${why}`);
}

// The label of a region: a header at the beginning of its memory, for guests and programs that meet it.
//
// Rule 1: it is written into a memory that is new, before anybody can have it, and into no other: VMs
//         may be living on what was there before, and its first bytes are theirs.
// Rule 2: a memory that is there has the very header that would be written, or is refused. Any guest can
//         write over it, and so cause that: the message says how to go on.
import type { Fd } from '../../native/fd.js';
import { Mapping } from '../../native/mapping.js';
import { readBeginning } from '../../native/memory.js';
import { MemoryHeaderError } from '../protocol/memory-header-error.js';
import {
  decodeMemoryHeader,
  encodeMemoryHeader,
  hasMemoryHeader,
  MEMORY_HEADER_BYTES,
} from '../protocol/memory-header.js';
import { ServerError } from './error.js';
import type { CheckedOptions } from './options.js';

/** Writes the header. Its page has to be there: a write into one that cannot be had is a SIGBUS. */
export function writeLabel(fd: Fd, label: string, { size, vectors }: CheckedOptions): void {
  const header = encodeMemoryHeader({ label, sizeBytes: size, vectors });
  // hugetlbfs has no write(2).
  using mapping = new Mapping(fd, { offset: 0, length: header.length });
  // The magic last, and at once: a plain device has the memory by its name as soon as there is one.
  const magic = new DataView(header.buffer).getBigUint64(0, true);
  new Uint8Array(mapping.buffer).set(header.subarray(8), 8);
  Atomics.store(new BigUint64Array(mapping.buffer, 0, 1), 0, magic);
}

/** Throws ServerError ERR_IVSHMEM_MEMORY_LABEL unless the memory has the label that is asked for, if any. */
export function checkLabel(fd: Fd, file: string, options: CheckedOptions): void {
  const { label, vectors, size } = options;
  if (label === undefined) return;
  const asked = labelled(label, vectors);
  const found = describe(readBeginning(fd, MEMORY_HEADER_BYTES), size);
  if (found === asked) return;
  throw new ServerError(
    'ERR_IVSHMEM_MEMORY_LABEL',
    file,
    `${file} exists with ${found}, not ${asked}, and is left as it is: VMs may be living on it; ` +
      'if a guest has written over its label, start without --label, and it is taken over; ' +
      'otherwise give what it has, or another name, or remove it when no VM needs it',
  );
}

// Whatever a label consists of: two that differ read differently, because the number stands at the end.
function labelled(label: string, vectors: number): string {
  return `the label '${label}' and vectors ${vectors}`;
}

function describe(beginning: Uint8Array, sizeBytes: number): string {
  if (!hasMemoryHeader(beginning)) return 'no label';
  try {
    const { label, vectors } = decodeMemoryHeader(beginning, sizeBytes);
    return labelled(label, vectors);
  } catch (error) {
    if (!(error instanceof MemoryHeaderError)) throw error;
    return `a damaged label (${error.message})`;
  }
}

// Which files another process shares memory through, as /proc tells it to its own user and to root.
// https://man7.org/linux/man-pages/man5/proc_pid_maps.5.html
//
// Rule 1: the kernel's own list is read, and no file system is asked for anything: that of a stranger (FUSE), or of a
//         server that is away (NFS), may never answer.
// Rule 2: "we may not look", "it is gone" and "the list is too long" are values, not errors.
import { closeSync, openSync, readSync } from 'node:fs';
import { deviceNumber } from './device-number.js';

/** A file that is mapped to be shared and written. */
export interface SharedMapping {
  /** As the process sees it, or `/memfd:NAME (deleted)`. */
  readonly path: string;
  /** As stat has them. */
  readonly device: bigint;
  readonly inode: bigint;
}

/** What was seen. */
export interface SharedMappings {
  readonly mappings: readonly SharedMapping[];
  /** False: there is more than is read. */
  readonly isWhole: boolean;
}

const MAX_BYTES = 16 * 1024 ** 2; // a hundred times what a QEMU with two thousand mappings has
const MAX_MS = 1_000; // whoever changes its mappings all the time makes each read wait
const chunk = Buffer.alloc(64 * 1024);

/** Those of a process; undefined when we may not look, or it is gone. Reads no more than `maxBytes`. */
export function sharedMappings(
  pid: number,
  { maxBytes = MAX_BYTES }: { readonly maxBytes?: number } = {},
): SharedMappings | undefined {
  try {
    const fd = openSync(`/proc/${pid}/maps`, 'r');
    try {
      return readMappings(fd, maxBytes);
    } finally {
      closeSync(fd);
    }
  } catch {
    return undefined;
  }
}

function readMappings(fd: number, maxBytes: number): SharedMappings {
  const end = performance.now() + MAX_MS;
  const mappings: SharedMapping[] = [];
  let rest = '';
  for (let bytes = 0; bytes <= maxBytes && performance.now() < end;) {
    const read = readSync(fd, chunk);
    if (read === 0) return { mappings, isWhole: true };
    bytes += read;
    const lines = `${rest}${chunk.toString('latin1', 0, read)}`.split('\n');
    rest = lines.splice(-1).join('');
    mappings.push(...lines.flatMap((line) => mappingOf(line) ?? []));
  }
  return { mappings, isWhole: false };
}

function mappingOf(line: string): SharedMapping | undefined {
  const [, major = '', minor = '', inode = '', path = ''] =
    /^\S+ rw-s \S+ ([0-9a-f]+):([0-9a-f]+) (\d+) +(\/.*)$/.exec(line) ?? [];
  if (path === '') return undefined;
  return {
    path: Buffer.from(path, 'latin1').toString('utf8'),
    device: deviceNumber(BigInt(`0x${major}`), BigInt(`0x${minor}`)),
    inode: BigInt(inode),
  };
}

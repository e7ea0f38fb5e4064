// Telling who started us that we are ready: a line on a descriptor that they opened for it.
// The convention is s6's: "ready\n", then the descriptor is closed.
import { closeSync, readdirSync, readFileSync, readlinkSync } from 'node:fs';
import { OptionsError } from '../server/error.js';
import { BoundedOutput } from './bounded-output.js';

const O_ACCMODE = 0o3;
const O_RDONLY = 0;
const RETRY_MS = 20;

/** A descriptor to report on; throws OptionsError for one that nobody handed to us. */
export function checkReadyFd(rawFd: number): number {
  if (isWritable(rawFd) && !isNodesOwn(rawFd)) return rawFd;
  throw new OptionsError(
    'readyFd',
    `${rawFd} is not an open descriptor for writing; allowed: one that the caller opened, ` +
      'as in --ready-fd 3 3>ready',
  );
}

/**
 * Says `ready` and closes the descriptor, standard streams excepted. Who does not listen any more is
 * not told; who has no room is waited for, without holding anything up.
 */
export function reportReady(rawFd: number): void {
  const output = new BoundedOutput(rawFd);
  output.write('ready\n');
  const closeWhenSaid = (): void => {
    if (!output.isEmpty) return;
    clearInterval(timer);
    output[Symbol.dispose]();
    if (rawFd > 2) closeSync(rawFd);
  };
  const timer = setInterval(closeWhenSaid, RETRY_MS).unref();
  closeWhenSaid();
}

function isWritable(rawFd: number): boolean {
  const mode = accessMode(rawFd);
  return mode !== undefined && mode !== O_RDONLY;
}

// Node opens descriptors of its own before any of our code runs, and nothing marks them: event
// queues and counters have no file, and of its pipes it has both ends.
function isNodesOwn(rawFd: number): boolean {
  const target = targetOf(String(rawFd));
  if (target?.startsWith('anon_inode:')) return true;
  if (!target?.startsWith('pipe:')) return false;
  return readdirSync('/proc/self/fd').some(
    (other) => targetOf(other) === target && accessMode(Number(other)) === O_RDONLY,
  );
}

function accessMode(rawFd: number): number | undefined {
  try {
    const info = readFileSync(`/proc/self/fdinfo/${rawFd}`, 'latin1');
    return parseInt(/^flags:\s*([0-7]+)$/m.exec(info)?.[1] ?? '', 8) & O_ACCMODE;
  } catch {
    return undefined;
  }
}

function targetOf(rawFd: string): string | undefined {
  try {
    return readlinkSync(`/proc/self/fd/${rawFd}`);
  } catch {
    return undefined;
  }
}

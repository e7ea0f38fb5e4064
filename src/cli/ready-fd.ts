// Telling who started us that we are ready: a line on a descriptor that they opened for it.
// The convention is s6's: "ready\n", then the descriptor is closed.
import { closeSync, fstatSync, readFileSync, writeSync } from 'node:fs';
import { OptionsError } from '../server/error.js';

const O_ACCMODE = 0o3;
const O_CLOEXEC = 0o2000000;

/** A descriptor to report on; throws OptionsError for one that nobody handed to us. */
export function checkReadyFd(rawFd: number): number {
  // Node has descriptors of its own at low numbers, all closed on exec; an inherited one is not.
  const flags = flagsOf(rawFd);
  if (flags !== undefined && (flags & O_CLOEXEC) === 0 && (flags & O_ACCMODE) !== 0) return rawFd;
  throw new OptionsError(
    'readyFd',
    `${rawFd} is not an open descriptor for writing; allowed: one that the caller opened, ` +
      `as in --ready-fd 3 3>ready`,
  );
}

/** Says `ready` and closes the descriptor, standard streams excepted. Who does not listen any more is not told. */
export function reportReady(rawFd: number): void {
  try {
    writeSync(rawFd, 'ready\n');
  } catch {
    // Nobody reads it: nothing that the server would need.
  }
  if (rawFd > 2) closeSync(rawFd);
}

function flagsOf(rawFd: number): number | undefined {
  try {
    if (fstatSync(rawFd).isDirectory()) return undefined;
    const info = readFileSync(`/proc/self/fdinfo/${rawFd}`, 'latin1');
    return parseInt(/^flags:\s*([0-7]+)$/m.exec(info)?.[1] ?? '', 8);
  } catch {
    return undefined;
  }
}

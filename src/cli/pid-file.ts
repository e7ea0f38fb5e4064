// A file with our process ID in it, for scripts that stop us.
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  ftruncateSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { isSystemError } from '../../native/system-error.js';
import { ServerError } from '../server/error.js';

import type { Log } from './log.js';

const { O_CREAT, O_NONBLOCK, O_WRONLY } = constants;

export class PidFile implements Disposable {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  /**
   * Throws where there cannot be one (ENOENT, EACCES), and touches nothing: to be asked before
   * anything is made that would have to be undone, and could be another's by then.
   */
  static check(path: string): void {
    try {
      // What reads from a pipe would take an open and close for the end.
      const status = statSync(path);
      if (status.isFIFO() || status.isCharacterDevice()) return;
      closeSync(openSync(path, O_WRONLY));
      checkContent(path);
    } catch (error) {
      if (!isSystemError(error) || error.code !== 'ENOENT' || path === '') throw error;
      accessSync(dirname(path), constants.W_OK);
    }
  }

  /**
   * Writes the file. Throws where there cannot be one (ENOENT, EACCES); a full disk is logged, and
   * nothing is left: a server does not end for that.
   */
  static write(path: string, log: Log): PidFile | undefined {
    try {
      const rawFd = openSync(path, O_WRONLY | O_CREAT | O_NONBLOCK, 0o644);
      try {
        checkContent(path);
        if (fstatSync(rawFd).isFile()) ftruncateSync(rawFd);
        writeSync(rawFd, `${process.pid}\n`);
        return new PidFile(path);
      } catch (error) {
        if (isFull(error) && fstatSync(rawFd).isFile()) rmSync(path, { force: true });
        throw error;
      } finally {
        closeSync(rawFd);
      }
    } catch (error) {
      if (!isFull(error)) throw error;
      log.warn({ event: 'pid-file', path, code: error.code }, `no pid file: ${error.message}`);
      return undefined;
    }
  }

  /** Removes it, unless somebody else's is there by now. */
  [Symbol.dispose](): void {
    try {
      if (!statSync(this.#path).isFile()) return;
      if (readFileSync(this.#path, 'latin1') === `${process.pid}\n`) rmSync(this.#path);
    } catch {
      // It is gone already, or out of reach: nothing to do about it at the end.
    }
  }
}

function isFull(error: unknown): error is NodeJS.ErrnoException {
  return isSystemError(error) && ['ENOSPC', 'EDQUOT', 'EIO'].includes(error.code ?? '');
}

// What is there may be anything, the memory of the region included: only a pid file is overwritten.
function checkContent(path: string): void {
  const status = statSync(path);
  if (!status.isFile()) return;
  if (status.size <= 32 && /^\s*\d*\s*$/.test(readFileSync(path, 'latin1'))) return;
  throw new ServerError(
    'ERR_IVSHMEM_NOT_A_FILE',
    path,
    `${path} is no pid file, and is left as it is; give another path, or remove it`,
  );
}

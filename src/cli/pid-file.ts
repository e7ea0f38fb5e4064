// A file with our process ID in it, for scripts that stop us.
import {
  accessSync,
  closeSync,
  constants,
  fstatSync,
  openSync,
  readFileSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { isSystemError } from './exit.js';
import type { Log } from './log.js';

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
      closeSync(openSync(path, constants.O_WRONLY | constants.O_NONBLOCK));
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
      const rawFd = openSync(path, 'w', 0o644);
      try {
        writeSync(rawFd, `${process.pid}\n`);
        return new PidFile(path);
      } catch (error) {
        if (fstatSync(rawFd).isFile()) rmSync(path, { force: true });
        throw error;
      } finally {
        closeSync(rawFd);
      }
    } catch (error) {
      if (!isSystemError(error) || !['ENOSPC', 'EDQUOT', 'EIO'].includes(error.code ?? '')) {
        throw error;
      }
      log.warn({ event: 'pid-file', path, code: error.code }, `no pid file: ${error.message}`);
      return undefined;
    }
  }

  /** Removes it, unless somebody else's is there by now. */
  [Symbol.dispose](): void {
    try {
      if (readFileSync(this.#path, 'latin1') === `${process.pid}\n`) rmSync(this.#path);
    } catch {
      // It is gone already, or out of reach: nothing to do about it at the end.
    }
  }
}

// A control socket, looked at and held before anybody connects to it.
//
// Rule 1: to connect to the socket of VMs is to join, and costs a peer ID: what can be seen to be no control socket
//         is never connected to. See `LockFile.kindOf`; nothing tells where there is no lock file.
// Rule 2: where everybody may make files a stranger may have been first, and would tell us what to find: root's
//         and our own are asked, and by root anybody's.
// Rule 3: what is connected to is what was looked at, whatever becomes of the path.
import { closeSync, existsSync, fstatSync, lstatSync, openSync, readlinkSync } from 'node:fs';
import { errno, SystemError } from '../../native/system-error.js';
import { LockFile } from '../server/lock-file.js';
import { O_PATH } from '../server/own-socket.js';
import { ControlError } from './control-error.js';

/** A socket that may be connected to, until it is let go. */
export class HeldSocket implements Disposable {
  readonly #rawFd: number;

  private constructor(rawFd: number) {
    this.#rawFd = rawFd;
  }

  /** Throws ControlError (ERR_IVSHMEM_NOT_CONTROL, _STRANGER), and SystemError as a connect would. */
  static at(path: string): HeldSocket {
    const held = new HeldSocket(open(path));
    try {
      const status = fstatSync(held.#rawFd);
      if (!status.isSocket()) throw notControl(`${path} is no socket`);
      if (isRegions(readlinkSync(held.path))) throw notControl(`${path} is a socket of a region`);
      if (isTrusted(status.uid)) return held;
      throw new ControlError('ERR_IVSHMEM_STRANGER', `user ${status.uid} has ${path}`);
    } catch (error) {
      held[Symbol.dispose]();
      throw error;
    }
  }

  /** Leads to it and to nothing else. */
  get path(): string {
    return `/proc/self/fd/${this.#rawFd}`;
  }

  /** Lets it go; once. */
  [Symbol.dispose](): void {
    closeSync(this.#rawFd);
  }
}

/** Whether there is something at a path whose owner is believed; what a link of a stranger's leads to is not. */
export function isTrustedAt(path: string): boolean {
  try {
    return isTrusted(lstatSync(path).uid);
  } catch {
    return false;
  }
}

function isTrusted(uid: number): boolean {
  const own = process.geteuid?.() ?? 0;
  return own === 0 || uid === 0 || uid === own;
}

function open(path: string): number {
  try {
    return openSync(path, O_PATH);
  } catch (error) {
    throw connectError(error, path);
  }
}

/** What the kernel said no to on the way to a socket, as an error of connecting to that path. */
export function connectError(error: unknown, path: string): SystemError {
  return new SystemError(
    -((error as NodeJS.ErrnoException).errno ?? -errno.EINVAL),
    'connect',
    path,
  );
}

// Where there is no lock file, the pair that a region has by default gives both of them away.
function isRegions(path: string): boolean {
  const kind = LockFile.kindOf(path);
  if (kind !== undefined) return kind === 'other';
  const [socket] = path.split(/\.host$/);
  return existsSync(`${socket}.host`) && existsSync(socket ?? path);
}

function notControl(message: string): ControlError {
  return new ControlError('ERR_IVSHMEM_NOT_CONTROL', message);
}

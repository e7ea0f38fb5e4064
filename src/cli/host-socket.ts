// Where host commands find a server, when nobody says where: beside the socket of the VMs.
import { SystemError } from '../../native/system-error.js';
import { MAX_SOCKET_PATH_BYTES } from '../../native/unix-socket.js';

const NOBODY_LISTENS: readonly string[] = ['ENOENT', 'ECONNREFUSED', 'ENAMETOOLONG'];

/** The path for host commands that belongs to a socket: the same with `.host` behind it. */
export function defaultHostSocket(socket: string): string {
  return `${socket}.host`;
}

/** Whether a socket can have that path. */
export function fitsSocket(path: string): boolean {
  return Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES;
}

/** Whether a connect failed because there is no server with such a socket. */
export function nobodyListens(error: unknown): error is SystemError {
  return error instanceof SystemError && NOBODY_LISTENS.includes(error.code);
}

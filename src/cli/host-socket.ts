// Where host commands find a server, when nobody says where: beside the socket of the VMs.
import { MAX_SOCKET_PATH_BYTES } from '../../native/unix-socket.js';

/** The path for host commands that belongs to a socket: the same with `.host` behind it. */
export function defaultHostSocket(socket: string): string {
  return `${socket}.host`;
}

/** Whether a socket can have that path. */
export function fitsSocket(path: string): boolean {
  return Buffer.byteLength(path) <= MAX_SOCKET_PATH_BYTES;
}

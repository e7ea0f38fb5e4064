// Getting a connection to a server.
//
// Rule 1: a full backlog is a server that is busy: tried again until the time is over. Everything
//         else (nobody listens, no such socket, no permission) is an error at once.
import type { Fd } from '../../native/fd.js';
import { connectSocket } from '../../native/unix-socket.js';
import { PeerError } from './peer-error.js';
import { waitFor, type WaitOptions } from './waiting.js';

const RETRY_MS = 10;

/** How to connect. */
export interface ConnectionOptions extends WaitOptions {
  /** An abstract name for our end. Default: none, as peers have it. */
  readonly ownName?: string;
}

/** A connected socket, whose owner is the caller. Throws SystemError (ENOENT, ECONNREFUSED, EACCES), PeerError ERR_IVSHMEM_TIMEOUT. */
export async function connect(socket: string, options: ConnectionOptions): Promise<Fd> {
  const { ownName } = options;
  return (
    connectSocket(socket, ownName) ??
    waitFor<Fd>(
      options,
      ({ resolve, reject }) => {
        const retry = setInterval(() => {
          try {
            const fd = connectSocket(socket, ownName);
            if (fd !== undefined) resolve(fd);
          } catch (error) {
            reject(error as Error);
          }
        }, RETRY_MS);
        return () => clearInterval(retry);
      },
      ({ reject }) => reject(timeout('it does not accept: its backlog is full')),
    )
  );
}

/** The error of a server that takes too long. */
export function timeout(why: string): PeerError {
  return new PeerError('ERR_IVSHMEM_TIMEOUT', `the server did not welcome us in time: ${why}`);
}

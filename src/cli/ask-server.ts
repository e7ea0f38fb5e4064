// Whom to ask what a region is.
//
// Rule 1: never the socket of the VMs: to connect there is to join, the first VM would no longer get
//         peer ID 0, and another server than ours might end by it.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { errno, SystemError } from '../../native/system-error.js';
import { ask, type AnsweredRegion } from '../peer/ask.js';
import { OptionsError } from '../server/error.js';
import { CommandError } from './exit.js';
import { defaultHostSocket, nobodyListens } from './host-socket.js';
import { socketPath } from './default-socket.js';

/** What was named, if anything. */
export interface NamedSockets {
  readonly socket?: string | undefined;
  readonly hostSocket?: string | undefined;
}

/**
 * What the region is; its socket is the one that was named, and the server's word where none was.
 * Rejects as `ask` does, with OptionsError, and with CommandError where nobody can be asked.
 */
export async function askServer({ socket, hostSocket }: NamedSockets): Promise<AnsweredRegion> {
  if (hostSocket === '') throw new OptionsError('hostSocket', 'an empty path is no socket');
  const named = socketPath(socket);
  if (hostSocket !== undefined) {
    const region = await ask(hostSocket);
    return socket === undefined ? region : { ...region, socket: path.resolve(named) };
  }
  try {
    // The server may see its socket under another path than its VMs do.
    return { ...(await ask(defaultHostSocket(named))), socket: path.resolve(named) };
  } catch (error) {
    if (!nobodyListens(error)) throw error;
    throw nobodyToAsk(named, error);
  }
}

function nobodyToAsk(socket: string, cause: SystemError): Error {
  if (!existsSync(socket)) return new SystemError(errno.ENOENT, 'connect', socket);
  return new CommandError(
    `nobody to ask at ${defaultHostSocket(socket)} (${cause.code}), and to connect to ${socket} would be to join; ` +
      'serve it by ivshmem serve, or name its socket for host commands with --host-socket',
    { cause },
  );
}

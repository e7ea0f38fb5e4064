// Commands that ask a control socket: what goes wrong, in words that say what to do.
import { existsSync, statSync } from 'node:fs';
import { ControlClient } from '../control/client.js';
import { ControlError } from '../control/control-error.js';
import { controlPath } from './control-path.js';
import { CommandError, isSystemError } from './exit.js';
import { defaultHostSocket } from './host-socket.js';
import { ReadersEnd } from './print.js';

const remedies: Readonly<Record<string, string>> = {
  ENOENT: 'start the server with --control, or name its control socket with --control',
  ECONNREFUSED: 'its server has ended: start it again',
  ENOTSOCK: 'name a control socket with --control',
  EACCES: 'it is for the user of the server and for root',
  ERR_IVSHMEM_NO_SUCH_REGION: '',
  ERR_IVSHMEM_NO_SUCH_PEER: 'see who is there: ivshmem status',
  ERR_IVSHMEM_NOT_CONTROL: 'name a control socket with --control',
  ERR_IVSHMEM_NO_ANSWER: 'see whether its process is stopped',
  ECONNRESET: 'the server has ended, or is too busy: try again',
};

/** Calls with the control socket at this path, or the default one. Failures become errors for people. */
export async function askControl<Result>(
  given: string | undefined,
  ask: (client: ControlClient) => Promise<Result>,
): Promise<Result | undefined> {
  const path = controlPath(given);
  checkPath(path);
  const client = new ControlClient(path);
  try {
    return await ask(client);
  } catch (error) {
    if (error instanceof ReadersEnd) return undefined;
    throw forPeople(error, client.path);
  }
}

// To connect to the socket of VMs is to join: whoever mistakes one for the other shall not cost an ID.
function checkPath(path: string): void {
  const isRegions =
    existsSync(defaultHostSocket(path)) ||
    (path.endsWith('.host') && existsSync(path.slice(0, -'.host'.length)));
  if (isRegions) throw new CommandError(`${path} is a socket of a region; ${remedies['ENOTSOCK']}`);
  const status = statSync(path, { throwIfNoEntry: false });
  if (status && !status.isSocket())
    throw new CommandError(`${path} is no socket; ${remedies['ENOTSOCK']}`);
}

function forPeople(error: unknown, path: string): unknown {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const remedy = Object.hasOwn(remedies, code) ? remedies[code] : undefined;
  if (!(error instanceof ControlError) && remedy === undefined && !isSystemError(error))
    return error;
  const what = error instanceof ControlError ? message : `${path}: ${code}`;
  return new CommandError(!remedy ? what : `${what}; ${remedy}`, { cause: error });
}

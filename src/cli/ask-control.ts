// Commands that ask a control socket: what goes wrong, in words that say what to do.
import { isSystemError } from '../../native/system-error.js';
import { remedyFor } from '../control/absence.js';
import { ControlClient } from '../control/client.js';
import { ControlError } from '../control/control-error.js';
import { controlPath } from './control-path.js';
import { CommandError } from './exit.js';
import { ReadersEnd } from './print.js';

/** Calls with the control socket at this path, or the default one. Failures become errors for people. */
export async function askControl<Result>(
  given: string | undefined,
  ask: (client: ControlClient) => Promise<Result>,
): Promise<Result | undefined> {
  const path = controlPath(given);
  const client = new ControlClient(path);
  try {
    return await ask(client);
  } catch (error) {
    if (error instanceof ReadersEnd) return undefined;
    throw forPeople(error, client.path);
  }
}

function forPeople(error: unknown, path: string): unknown {
  const { code = '', message } = error as NodeJS.ErrnoException;
  const isPeers = code === 'ERR_IVSHMEM_NO_SUCH_PEER';
  const remedy = isPeers ? 'see who is there: ivshmem status' : remedyFor(code);
  if (!(error instanceof ControlError) && remedy === undefined && !isSystemError(error))
    return error;
  const what = error instanceof ControlError ? message : `${path}: ${code}`;
  return new CommandError(remedy === undefined ? what : `${what}; ${remedy}`, { cause: error });
}

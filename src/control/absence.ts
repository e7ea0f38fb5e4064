// Why no server has answered on a control socket, and what to do about it.
//
// Rule 1: a server that was named, or whose control socket is there, and that does not answer is a fault; none at
//         the default place is none.
import { isSystemError } from '../../native/system-error.js';
import { ControlError } from './control-error.js';

/** What kept us from a server's status. */
export interface Absence {
  readonly message: string;
  readonly remedy: string;
  /** Whether servers are there, and none was asked because nobody said which. */
  readonly isChoice?: boolean;
}

const START = 'start it with --control PATH, or name that path with --control';
const NAME = 'name a control socket with --control';
const remedies: ReadonlyMap<string, string> = new Map(
  Object.entries({
    ENOENT: START,
    ECONNREFUSED: 'its server has ended: start it again',
    ENOTSOCK: NAME,
    EACCES: 'it is for the user of the server and for root: run this as one of them',
    ECONNRESET: 'the server has ended, or is too busy: look again',
    ERR_IVSHMEM_NOT_CONTROL: NAME,
    ERR_IVSHMEM_STRANGER:
      'if its server is meant, run this as root; if not, name another with --control',
    ERR_IVSHMEM_SEVERAL: NAME,
    EAGAIN:
      'too many wait there already: see whether its process, or the front below it, is stopped',
    ERR_IVSHMEM_NO_ANSWER:
      'see whether its process, or the front below it, is stopped (State: in /proc/PID/status), and what its log says',
  }),
);

/** What to do about an error of asking, by its code; undefined: it is none of those. */
export function remedyFor(code: string): string | undefined {
  return remedies.get(code);
}

/** What an error of asking means; undefined: it is a bug. */
export function absenceOf(error: unknown): Absence | undefined {
  if (!(error instanceof ControlError) && !isSystemError(error)) return undefined;
  const { code = '', message } = error as NodeJS.ErrnoException;
  const isChoice = code === 'ERR_IVSHMEM_SEVERAL';
  return { message, remedy: remedyFor(code) ?? START, isChoice };
}

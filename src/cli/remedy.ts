// What a person can do when a command that needs a server fails, by the code of the error.
//
// Rule 1: a code that is not in the table is a bug: it goes on as it is.
import { isSystemError } from '../../native/system-error.js';
import { ProtocolError } from '../protocol/protocol-error.js';
import { refusalErrno } from '../protocol/refusal-reason.js';
import { CommandError } from './exit.js';

const remedies: Readonly<Record<string, string>> = {
  ENOENT: 'start a server there (ivshmem serve), or name its socket with --socket',
  ECONNREFUSED: 'its server has ended: start it again, or name another socket with --socket',
  EACCES: 'only who may write to the socket may join: see --socket-group of ivshmem serve',
  ENOTDIR: 'name the socket of a server with --socket',
  ENAMETOOLONG: 'no server can have such a socket: name another with --socket',
  EMFILE: 'raise the limit of descriptors (ulimit -n)',
  ECONNRESET: 'the server has ended: try again when it is back',
  ERR_IVSHMEM_REFUSED: '',
  ERR_IVSHMEM_TRUNCATED: '',
  ERR_IVSHMEM_TIMEOUT: 'it may be stopped, or serve something else: see what listens there',
  ERR_IVSHMEM_HANG_UP: 'it may have ended, or serve something else: see what listens there',
  ERR_IVSHMEM_STRANGER:
    'ask as that user if it is the right one, or have the server put its sockets into a directory of its own',
  ERR_IVSHMEM_VERSION: 'something else than ivshmem listens there',
  ERR_IVSHMEM_ID: 'something else than ivshmem listens there',
  ERR_IVSHMEM_MEMORY: 'something else than ivshmem listens there',
  ERR_IVSHMEM_JOIN: 'see the log of the server',
  ERR_IVSHMEM_LEAVE: 'see the log of the server',
  ERR_IVSHMEM_ANSWER: 'an older ivshmem, or something else, may listen there',
};

const SLOTS_TAKEN = 'let one of them end, or join as those do that stay: --as-vm';

/** The error with its remedy, as one for people; any other as it is. */
export function withRemedy(error: unknown): unknown {
  if (!(error instanceof Error && 'code' in error && typeof error.code === 'string')) return error;
  // What else the kernel says no to (reading standard input) has its own message.
  if (isSystemError(error) && !['connect', 'recvmsg'].includes(error.syscall ?? '')) return error;
  const remedy = areSlotsTaken(error) ? SLOTS_TAKEN : remedyOf(error.code);
  if (remedy === undefined) return error;
  const message = remedy === '' ? error.message : `${error.message}; ${remedy}`;
  return new CommandError(message, { cause: error });
}

function remedyOf(code: string): string | undefined {
  return Object.hasOwn(remedies, code) ? remedies[code] : undefined;
}

function areSlotsTaken(error: Error): boolean {
  return error instanceof ProtocolError && error.refusal === -refusalErrno['host-slots'];
}

// The options of `ivshmem serve`, and the region that they describe.
import type { ArgumentsCamelCase, InferredOptionTypes, Options } from 'yargs';
import type { HugePageBytes, ServerOptions } from '../server/options.js';
import { defaultSocket } from './default-socket.js';
import { UsageError } from './exit.js';
import { fileMode, integer, sizeBytes } from './flags.js';
import { defaultHostSocket, fitsSocket } from './host-socket.js';
import { logFormats, logLevels } from './log.js';
import { text } from './text-option.js';

// Everything comes as text: yargs would make numbers of what only looks like one.
/** For yargs. */
export const serveOptions = {
  socket: text(
    'Path of the UNIX socket',
    '$XDG_RUNTIME_DIR/ivshmem.sock, for root /run/ivshmem.sock',
  ),
  'host-socket': text('Path of the socket for host commands', "the socket's, and .host"),
  'socket-mode': text('Mode of both sockets, octal', '0600'),
  'socket-group': text('Group of both sockets, name or number'),
  size: text('Size of the memory: a power of two, with K, M, G or T', '4M'),
  vectors: text('MSI-X vectors (doorbells) of each peer, 1–2048', '1'),
  label: text('A new memory begins with a header that tells this label, 1–63 bytes'),
  'shm-name': text('The memory is this POSIX shared memory object'),
  'mem-path': text('The memory is this file, or an unnamed file in this directory'),
  'mem-mode': text('Mode of a memory made by name or path, octal', '0600'),
  'mem-group': text('Group of a memory made by name or path, name or number'),
  hugepages: {
    ...text('Back the memory by huge pages of this size'),
    choices: ['2M', '1G'] as const,
  },
  'max-peers': text(
    'Peers at a time without host commands, 1–65536',
    'what the descriptor limit admits',
  ),
  'allow-excess-vectors': {
    type: 'boolean',
    description: 'Take QEMUs that have more vectors than the region (under KVM they abort)',
  },
  fd: text(
    'Serve on the socket that listens under this descriptor, which the caller opened',
    'a socket of its own, or those of systemd',
  ),
  'ready-fd': text('Write "ready" to this descriptor once the socket accepts connections'),
  config: text('The regions are those of this file, instead of one by options'),
  control: text('Path of a socket for operators: status, events, metrics (HTTP and JSON)', 'none'),
  user: text('Become this user once the sockets are there; for root'),
  'pid-file': text('Write the process ID to this file; removed at the end'),
  'log-level': {
    ...text('Least level of what is logged'),
    choices: logLevels,
    defaultDescription: 'info',
  },
  'log-format': {
    ...text('Form of the log'),
    choices: logFormats,
    defaultDescription: 'text to a terminal, json otherwise',
  },
} as const satisfies Record<string, Options>;

/** What yargs makes of them. */
export type ServeArguments = InferredOptionTypes<typeof serveOptions>;

/** The region that they describe. Throws OptionsError. */
export function serverOptionsOf(given: ArgumentsCamelCase<ServeArguments>): ServerOptions {
  const socket = given.socket ?? defaultSocket();
  const hostSocket = defaultHostSocket(socket);
  return {
    socket,
    hostSocket: given.hostSocket ?? (fitsSocket(hostSocket) ? hostSocket : undefined),
    socketMode: mapped(given.socketMode, (value) => fileMode('socketMode', value)),
    socketGroup: given.socketGroup,
    size: mapped(given.size, (value) => sizeBytes('size', value)),
    vectors: mapped(given.vectors, (value) => integer('vectors', value, '1–2048')),
    label: given.label,
    shmName: given.shmName,
    memPath: given.memPath,
    memMode: mapped(given.memMode, (value) => fileMode('memMode', value)),
    memGroup: given.memGroup,
    hugePageBytes: mapped(
      given.hugepages,
      (value) => sizeBytes('hugepages', value) as HugePageBytes,
    ),
    maxPeers: mapped(given.maxPeers, (value) => integer('maxPeers', value, '1–65536')),
    allowExcessVectors: given.allowExcessVectors,
  };
}

function mapped<Value>(
  text: string | undefined,
  parse: (text: string) => Value,
): Value | undefined {
  return text === undefined ? undefined : parse(text);
}

/** Options that are about the process: a configuration file says all the others. */
const OF_THE_PROCESS = [
  'config',
  'control',
  'user',
  'ready-fd',
  'pid-file',
  'log-level',
  'log-format',
];

/** Throws UsageError for an option that a configuration file has instead. */
export function checkBesideConfig(given: ArgumentsCamelCase<ServeArguments>): void {
  const others = Object.keys(serveOptions).filter((name) => !OF_THE_PROCESS.includes(name));
  const wrong = others.filter((name) => given[name] !== undefined).map((name) => `--${name}`);
  if (wrong.length === 0) return;
  throw new UsageError(`--config: the file describes the regions; leave out ${wrong.join(', ')}`);
}

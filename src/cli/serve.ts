// `ivshmem serve`: its options, and what becomes of them.
import type { ArgumentsCamelCase, CommandModule, InferredOptionTypes, Options } from 'yargs';
import type { HugePageBytes, ServerOptions } from '../server/options.js';
import { banner } from './banner.js';
import { BoundedOutput } from './bounded-output.js';
import { confinementTo } from './confine.js';
import { defaultSocket } from './default-socket.js';
import { UsageError } from './exit.js';
import { logFailure } from './failure.js';
import { fileMode, integer, sizeBytes } from './flags.js';
import { defaultHostSocket, fitsSocket } from './host-socket.js';
import { Log, logFormats, logLevels } from './log.js';
import { plainCall } from './plain-call.js';
import { checkReadyFd, reportReady } from './ready-fd.js';
import { runServer } from './run-server.js';
import { text } from './text-option.js';

// Everything comes as text: yargs would make numbers of what only looks like one.
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
  'ready-fd': text('Write "ready" to this descriptor once the socket accepts connections'),
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

type ServeArguments = InferredOptionTypes<typeof serveOptions>;

export const serveCommand: CommandModule<object, ServeArguments> = {
  builder: (yargs) =>
    yargs
      .options(serveOptions)
      .example('$0 serve', 'Serve 4M with one vector on the default socket')
      .example('$0 serve --size 64M --vectors 4 --socket /run/lab.sock', 'Choose everything')
      .example('$0 serve --socket-mode 0660 --socket-group kvm', 'Let the group kvm join'),
  handler: serve,
};

/** Serves if these words leave nothing to ask; false: yargs has to look at them. */
export async function serveAtOnce(words: readonly string[]): Promise<boolean> {
  const given = plainCall(words, serveOptions);
  if (given === undefined) return false;
  await serve({ ...given, _: ['serve'], $0: 'ivshmem' } as ArgumentsCamelCase<ServeArguments>);
  return true;
}

async function serve(given: ArgumentsCamelCase<ServeArguments>): Promise<void> {
  const [, ...surplus] = given._;
  if (surplus.length > 0) throw new UsageError(`unknown argument: ${surplus.join(' ')}`);
  const serverOptions = serverOptionsOf(given);
  const readyFd =
    given.readyFd === undefined
      ? undefined
      : checkReadyFd(integer('readyFd', given.readyFd, 'the descriptors that the caller opened'));
  const confinement = mapped(given.user, confinementTo);
  const log = new Log({ level: given.logLevel, format: given.logFormat });
  try {
    await runServer([serverOptions], {
      log,
      pidFile: given.pidFile,
      confinement,
      onReady: (servers) => {
        for (const server of servers) {
          if (server.hostSocket === undefined) warnOfNoHostSocket(log, server.socket);
          new BoundedOutput(1).write(banner(server));
        }
        if (readyFd !== undefined) reportReady(readyFd);
      },
    });
  } catch (error) {
    process.exitCode = logFailure(error, log);
  }
  await log.flush();
}

function warnOfNoHostSocket(log: Log, socket: string): void {
  log.warn(
    { event: 'warning', code: 'host-socket' },
    `no socket for host commands: ${defaultHostSocket(socket)} is longer than a socket's path may be; ` +
      'give a shorter one with --host-socket',
  );
}

function serverOptionsOf(given: ArgumentsCamelCase<ServeArguments>): ServerOptions {
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

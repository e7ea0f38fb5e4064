#!/usr/bin/env node
// The command `ivshmem-server`: takes the flags of the example server in QEMU's tree, with their
// meaning and defaults, so that existing scripts change nothing. Its defects are not reproduced.
//
// Rule 1: flags are getopt's (-Fv, -l4M, -l -4M), so they are not yargs's business.
import { statSync } from 'node:fs';
import { pageSize } from '../../native/memory.js';
import { errno, SystemError } from '../../native/system-error.js';
import type { ServerOptions } from '../server/options.js';
import { hugePageBytesOf } from '../server/room.js';
import { formatSize, isValidSize, MAX_SIZE_BYTES, roundSizeUp } from '../server/size.js';
import { becomeDaemon, daemonReadyFd } from './daemon.js';
import { EXIT_USAGE, exitCodeOf, UsageError } from './exit.js';
import { messageOf } from './failure.js';
import { helpOf, valuesOf } from './flag-command.js';
import { integer, sizeBytes } from './flags.js';
import { getopt } from './getopt.js';
import { Log } from './log.js';
import { reportReady } from './ready-fd.js';
import { runServer } from './run-server.js';
import { serverFlags } from './server-flags.js';

const flags = valuesOf(serverFlags);
const flagOfOption: Readonly<Record<string, string>> = {
  socket: '-S',
  shmName: '-M',
  memPath: '-m',
  size: '-l',
  vectors: '-n',
};

interface Arguments {
  readonly isVerbose: boolean;
  readonly isForeground: boolean;
  readonly pidFile: string;
  readonly server: ServerOptions;
  readonly sizeNote: string | undefined;
}

try {
  await main();
} catch (error) {
  process.exitCode = exitCodeOf(error);
  console.error(`ivshmem-server: ${messageOf(error, (option) => flagOfOption[option] ?? option)}`);
  if (process.exitCode === EXIT_USAGE) console.error('See: ivshmem-server -h');
}

async function main(): Promise<void> {
  const readyFd = daemonReadyFd();
  const argv = process.argv.slice(2);
  if (getopt(argv, flags).some(({ flag }) => flag === 'h')) {
    process.stdout.write(helpOf(serverFlags));
    return;
  }
  const given = readArguments(argv);
  if (given.sizeNote !== undefined && readyFd === undefined) console.error(given.sizeNote);
  if (given.isForeground) await serve(given);
  else if (readyFd === undefined) await becomeDaemon(import.meta.filename);
  else await serve(given, readyFd);
}

async function serve(given: Arguments, readyFd?: number): Promise<void> {
  const log = new Log({ level: given.isVerbose ? 'info' : 'warn', format: 'text' });
  try {
    await runServer([given.server], {
      log,
      pidFile: readyFd === undefined ? undefined : given.pidFile,
      onReady: () => {
        if (readyFd !== undefined) reportReady(readyFd);
      },
    });
  } finally {
    await log.flush();
  }
}

function readArguments(argv: string[]): Arguments {
  const given = getopt(argv, flags);
  const isGiven = (wanted: string): boolean => given.some(({ flag }) => flag === wanted);
  const text = (wanted: string): string | undefined =>
    given.findLast(({ flag }) => flag === wanted)?.value;
  const isVerbose = isGiven('v');
  const isForeground = isGiven('F');
  if (isVerbose && !isForeground) throw new UsageError('-v needs -F: a daemon has no terminal');
  // As in the original: the last of -M and -m says where the memory is.
  const memory = given.findLast(({ flag }) => flag === 'M' || flag === 'm');
  const memPath = memory?.flag === 'm' ? memory.value : undefined;
  const size = roundedSize(text('l') ?? '4M', memPath);
  return {
    isVerbose,
    isForeground,
    pidFile: text('p') ?? '/var/run/ivshmem-server.pid',
    sizeNote: size.note,
    server: {
      socket: text('S') ?? '/tmp/ivshmem_socket',
      size: size.bytes,
      vectors: integer('vectors', text('n') ?? '1', '1–2048'),
      ...(memPath === undefined ? { shmName: text('M') ?? 'ivshmem' } : { memPath }),
      unlinkMemory: true,
    },
  };
}

function roundedSize(text: string, memPath: string | undefined) {
  const given = sizeBytes('size', text);
  const least = Math.max(pageSize(), memPath === undefined ? 0 : hugePageBytesIn(memPath));
  // What is no size at all is not rounded: the server says what is allowed.
  const isSize = given > 0 && given <= MAX_SIZE_BYTES;
  if (!isSize || isValidSize(given, least)) return { bytes: given, note: undefined };
  const bytes = roundSizeUp(given, least);
  const note = `the size is rounded up from ${formatSize(given)} to ${formatSize(bytes)}: QEMU takes only powers of two`;
  return { bytes, note: `ivshmem-server: ${note}` };
}

function hugePageBytesIn(directory: string): number {
  if (!statSync(directory).isDirectory()) {
    throw new SystemError(errno.ENOTDIR, 'opendir', directory);
  }
  return hugePageBytesOf(directory) ?? 0;
}

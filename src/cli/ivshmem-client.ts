#!/usr/bin/env node
// The command `ivshmem-client`: flags and commands of the debug client in QEMU's tree. It joins a
// region as one more peer, rings doorbells and tells what happens.
//
// Rule 1: it relies on nothing but the specification: any server will do.
// Rule 2: SIGINT and SIGTERM end it at any moment, whoever keeps it waiting.
import { isSystemError } from '../../native/system-error.js';
import { Peer } from '../peer/peer.js';
import { clientFlags } from './client/client-flags.js';
import { ClientConversation } from './client/conversation.js';
import { EXIT_OK, EXIT_SYSTEM, EXIT_USAGE, exitCodeOf, UsageError } from './exit.js';
import { helpOf, valuesOf } from './flag-command.js';
import { getopt } from './getopt.js';
import { openScreen } from './client/screen.js';

const flags = valuesOf(clientFlags);
const DEFAULT_SOCKET = '/tmp/ivshmem_socket';
const COMMAND = 'ivshmem-client';

const noServer = 'no server is there: start one, or say with -S where it is';
const remedies: Readonly<Record<string, string>> = {
  ENOENT: noServer,
  ECONNREFUSED: noServer,
  EACCES: "the socket's mode, owner and group decide who may join",
};

const stop = new AbortController();
const stopped = new Promise<void>((resolve) => {
  stop.signal.addEventListener('abort', () => resolve());
});

try {
  const given = getopt(process.argv.slice(2), flags);
  if (given.some(({ flag }) => flag === 'h')) process.stdout.write(helpOf(clientFlags));
  else process.exitCode = await run(given);
} catch (error) {
  process.exitCode = exitCodeOf(error);
  console.error(`${COMMAND}: ${reasonOf(error)}`);
  if (process.exitCode === EXIT_USAGE) console.error(`See: ${COMMAND} -h`);
}

async function run(given: ReturnType<typeof getopt<keyof typeof flags>>): Promise<number> {
  const socket = given.findLast(({ flag }) => flag === 'S')?.value ?? DEFAULT_SOCKET;
  if (socket === '') throw new UsageError('-S: an empty path is no socket');
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => stop.abort());
  const peer = await connect(socket);
  if (peer === undefined) return EXIT_OK;
  const isVerbose = given.some(({ flag }) => flag === 'v');
  const screen = openScreen(COMMAND);
  const conversation = new ClientConversation(peer, screen, { socket, isVerbose });
  try {
    await Promise.race([stopped, conversation.run()]);
  } finally {
    peer.close();
    await screen.close();
  }
  // What waits for a reader would go on waiting.
  if (stop.signal.aborted) process.exit(EXIT_OK);
  if (screen.failure) throw screen.failure;
  return conversation.failures > 0 && !screen.isTerminal ? EXIT_SYSTEM : EXIT_OK;
}

// Undefined when it was stopped meanwhile.
async function connect(socket: string): Promise<Peer | undefined> {
  try {
    return await Peer.connect({ socket, signal: stop.signal });
  } catch (error) {
    if (stop.signal.aborted) return undefined;
    throw error;
  }
}

function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  if (!isSystemError(error) || error.syscall !== 'connect') return error.message;
  const remedy = remedies[error.code ?? ''];
  return remedy === undefined ? error.message : `${error.message}; ${remedy}`;
}

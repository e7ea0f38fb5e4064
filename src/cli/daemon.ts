// Becoming a daemon: a process of its own, in a session of its own, that holds nothing of the caller's.
//
// Node cannot fork, so the daemon is the same command started again. Its stderr is a pipe to us, for
// the reason of a failed start; when we leave, what it would say is heard by nobody and holds up nobody.
//
// Rule 1: we end with 0 only when the socket accepts connections, otherwise with its code and reason,
//         and no daemon is left.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { EXIT_SYSTEM } from './exit.js';
import { checkReadyFd } from './ready-fd.js';

const MARK = 'IVSHMEM_SERVER_IS_DAEMON';
const READY_FD = 3;

/** Starts `script` again as the daemon; resolves when that is ready or has failed, the exit code set. */
export async function becomeDaemon(script: string): Promise<void> {
  const daemon = spawn(process.execPath, [script, ...process.argv.slice(2)], {
    detached: true,
    env: { ...process.env, [MARK]: '1' },
    stdio: ['ignore', 'ignore', 'pipe', 'pipe'],
  });
  const [, , stderr, ready] = daemon.stdio;
  stderr?.on('data', (text: Buffer) => process.stderr.write(text));
  let isUnwanted = false;
  const isReady = new Promise<'ready'>((resolve) => {
    ready?.once('data', () => {
      if (!isUnwanted) resolve('ready');
    });
  });
  const hasEnded = new Promise<number | null>((resolve) => {
    daemon.once('close', resolve);
  });
  const hasFailed = new Promise<never>((_, reject) => daemon.once('error', reject));
  // Who gives up on us wants no daemon.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
    process.once(signal, () => {
      isUnwanted = true;
      daemon.kill('SIGTERM');
    });
  }
  const outcome = await Promise.race([isReady, hasEnded, hasFailed]);
  if (outcome === 'ready') process.exit();
  const hasFailedItself = outcome !== 0 && outcome !== null;
  if (!hasFailedItself)
    console.error(`${path.basename(script, '.js')}: it was ended before it served`);
  process.exitCode = hasFailedItself ? outcome : EXIT_SYSTEM;
}

/** In the daemon, the descriptor to say that it is ready on; in any other process undefined. */
export function daemonReadyFd(): number | undefined {
  const isDaemon = process.env[MARK] === '1';
  // For itself only: a program that it starts is another's.
  Reflect.deleteProperty(process.env, MARK);
  return isDaemon ? checkReadyFd(READY_FD) : undefined;
}

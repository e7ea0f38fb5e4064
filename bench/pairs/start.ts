// From nothing to a socket that accepts.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as rest } from 'node:timers/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { connectSocket } from '../../native/unix-socket.js';
import type { Figures, ServerPair, Stage } from '../pair.js';

const command = fileURLToPath(new URL('../../src/cli/ivshmem.js', import.meta.url));
const LOOK_MS = 0.5;

async function untilAccepted({ directory }: Stage): Promise<Figures> {
  const socket = join(directory, 'start.sock');
  const start = process.hrtime.bigint();
  const child = spawn(process.execPath, [command, 'serve', '--socket', socket], {
    stdio: 'ignore',
  });
  const end = once(child, 'exit');
  while (!accepts(socket)) await rest(LOOK_MS);
  const taken = Number(process.hrtime.bigint() - start);
  child.kill();
  await end;
  return [taken];
}

function accepts(socket: string): boolean {
  try {
    connectSocket(socket)?.close();
    return true;
  } catch {
    return false;
  }
}

async function untilExit(): Promise<Figures> {
  const start = process.hrtime.bigint();
  await once(spawn(process.execPath, ['-e', '0'], { stdio: 'ignore' }), 'exit');
  return [Number(process.hrtime.bigint() - start)];
}

const pair: ServerPair = {
  rows: [{ what: 'start to a socket that accepts', against: 'node -e 0', atMost: 2.2 }],
  rounds: 11,
  ours: untilAccepted,
  baseline: untilExit,
};

export const pairs = { start: pair };

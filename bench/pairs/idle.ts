// Resident memory of a server that nobody has joined yet.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { setTimeout as rest } from 'node:timers/promises';
import { startServer } from '../daemon.js';
import type { Figures, ServerPair, Stage } from '../pair.js';

const REST_MS = 3_000;
const bare = `import 'koffi'; import 'pino'; setInterval(() => {}, 1e6); console.log('ready');`;

async function server({ directory }: Stage): Promise<Figures> {
  await using daemon = await startServer({ directory, vectors: 1 });
  await rest(REST_MS);
  return [daemon.rssBytes.now];
}

async function node(): Promise<Figures> {
  const child = spawn(process.execPath, ['--input-type=module', '-e', bare], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await once(child.stdout, 'data');
  await rest(REST_MS);
  const status = readFileSync(`/proc/${child.pid ?? 0}/status`, 'latin1');
  const end = once(child, 'exit');
  child.kill();
  await end;
  return [Number(/^VmRSS:\s+(\d+)/m.exec(status)?.[1]) * 1024];
}

const pair: ServerPair = {
  rows: [
    {
      what: 'resident memory, idle',
      against: 'Node with koffi and pino',
      unit: 'bytes',
      atMost: 1.25,
    },
  ],
  rounds: 3,
  ours: server,
  baseline: node,
};

export const pairs = { idle: pair };

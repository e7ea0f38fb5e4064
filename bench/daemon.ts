// A server under load: ours, or the C program that can only send.
//
// Rule 1: ours is the command as people start it, its log on, thrown away.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { compile } from './program.js';

const command = fileURLToPath(new URL('../src/cli/ivshmem.js', import.meta.url));
const MEMORY_BYTES = 4 * 1024 ** 2;
let count = 0;

/** Where a server keeps what it has. */
export interface DaemonOptions {
  readonly directory: string;
  readonly vectors: number;
  /** What goes before the command: `setpriv …`, `prlimit …`. */
  readonly before?: readonly string[];
}

/** A server's process. `await using daemon = await startServer(…)`. */
export class Daemon implements AsyncDisposable {
  readonly socket: string;
  readonly maxPeers: number;
  readonly #process: ChildProcess;

  /** `maxPeers`: how many it says that it takes. */
  constructor(socket: string, process: ChildProcess, maxPeers = Infinity) {
    this.socket = socket;
    this.maxPeers = maxPeers;
    this.#process = process;
  }

  get pid(): number {
    return this.#process.pid ?? 0;
  }

  /** What all of its threads have run until now, in nanoseconds. https://docs.kernel.org/scheduler/sched-stats.html */
  get cpuNs(): number {
    const tasks = `/proc/${this.pid}/task`;
    const times = readdirSync(tasks).map((task) =>
      Number(readFileSync(`${tasks}/${task}/schedstat`, 'latin1').split(' ')[0]),
    );
    return times.reduce((sum, time) => sum + time, 0);
  }

  /** How often its threads were given a processor or gave it up: who makes a system call has one. */
  get switches(): number {
    const tasks = `/proc/${this.pid}/task`;
    return readdirSync(tasks).reduce((sum, task) => {
      const status = readFileSync(`${tasks}/${task}/status`, 'latin1');
      const counts = [...status.matchAll(/ctxt_switches:\s+(\d+)/g)];
      return counts.reduce((part, [, number]) => part + Number(number), sum);
    }, 0);
  }

  /** Its resident memory, in bytes, now and at its highest. */
  get rssBytes(): { readonly now: number; readonly highest: number } {
    const status = readFileSync(`/proc/${this.pid}/status`, 'latin1');
    const kilobytes = (name: string): number =>
      Number(new RegExp(`^${name}:\\s+(\\d+)`, 'm').exec(status)?.[1]) * 1024;
    return { now: kilobytes('VmRSS'), highest: kilobytes('VmHWM') };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { exitCode, signalCode } = this.#process;
    if (exitCode === null && signalCode === null) {
      const end = once(this.#process, 'exit');
      this.#process.kill('SIGKILL');
      await end;
    }
    for (const path of ['', '.lock', '.host', '.host.lock'])
      rmSync(`${this.socket}${path}`, { force: true });
  }
}

/** `ivshmem serve`; resolves when it accepts connections. */
export async function startServer({
  directory,
  vectors,
  before = [],
}: DaemonOptions): Promise<Daemon> {
  const socket = nextPath(directory);
  const options = ['--socket', socket, '--vectors', String(vectors), '--ready-fd', '3'];
  const argv = [...before, process.execPath, command, 'serve', ...options];
  const child = spawn(argv[0] ?? '', argv.slice(1), {
    stdio: ['ignore', 'pipe', 'ignore', 'pipe'],
  });
  let banner = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (banner += text));
  await ready(child, child.stdio[3] as Readable);
  return new Daemon(socket, child, Number(/at most (\d+) peers/.exec(banner)?.[1]));
}

/** bench/sender.c. */
export async function startSender({ directory, vectors }: DaemonOptions): Promise<Daemon> {
  const program = await compile('sender', directory);
  const socket = nextPath(directory);
  const memory = join(directory, 'memory');
  writeFileSync(memory, '');
  truncateSync(memory, MEMORY_BYTES);
  const child = spawn(program, [socket, memory, String(vectors)], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  await ready(child, child.stdout);
  return new Daemon(socket, child);
}

function nextPath(directory: string): string {
  count += 1;
  return join(directory, `s${count}`);
}

async function ready(child: ChildProcess, output: Readable): Promise<void> {
  const isOver = once(child, 'exit').then(([code]) => {
    throw new Error(`the server ended with ${String(code)} before it was ready`);
  });
  await Promise.race([once(output, 'data'), isOver]);
  isOver.catch(() => undefined);
}

/**
 * The descriptor gate: preloaded into each test process (`node --import`), it fails the process
 * when descriptors are open at exit that were not open at the start.
 *
 * Rule 1: only the test process itself is gated, never its workers, nor the processes it starts.
 * Rule 2: what Node opens lazily for itself is either opened before the first count or listed in
 * `nodesOwn`; an eventfd, a socket, a pipe, a memfd is never excused.
 */
import { readdirSync, readlinkSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';

/** Targets that Node opens when it pleases: a closed stdin, a reopened terminal, `fs.watch`. */
const nodesOwn = /^(\/dev\/null|\/dev\/tty|\/dev\/pts\/\d+|anon_inode:(inotify|\[io_uring\]))$/;

/** One string for each open descriptor, such as `17 -> socket:[4711]`. */
function openDescriptors(): string[] {
  return readdirSync('/proc/self/fd').flatMap((name) => {
    try {
      const target = readlinkSync(`/proc/self/fd/${name}`);
      return nodesOwn.test(target) ? [] : [`${name} -> ${target}`];
    } catch {
      return []; // the descriptor of the listing itself, closed by now
    }
  });
}

/** Keeps the gate and the coverage away from processes and workers that the test will start. */
function leaveNoTrace(): void {
  const index = process.execArgv.findIndex((arg) => arg.includes(import.meta.url));
  if (index >= 0) process.execArgv.splice(index - 1, 2);
  delete process.env['NODE_V8_COVERAGE'];
}

/** libuv makes a pipe for the first signal handler, be it for SIGCHLD: have it made now. */
function openSignalPipe(): void {
  const ignore = (): void => undefined;
  process.on('SIGWINCH', ignore).off('SIGWINCH', ignore);
}

function guard(): void {
  openSignalPipe();
  const before = new Set(openDescriptors());
  process.on('exit', () => {
    const leaked = openDescriptors().filter((descriptor) => !before.has(descriptor));
    if (leaked.length === 0) return;
    console.error(`leaked descriptors, open at exit and not at start:\n  ${leaked.join('\n  ')}`);
    process.exitCode = 1;
  });
}

if (isMainThread) {
  leaveNoTrace();
  guard();
}

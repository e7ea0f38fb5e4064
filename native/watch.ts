// Watching a descriptor on Node's own event loop.
//
// The only user of `koffi.node.poll`, which is undocumented: uv_poll in a thin wrap. Its types say
// that the callback gets the events; it gets (status, events). koffi is pinned to an exact version,
// and test/native/watch.test.ts fails when any of this changes.
//
// Rule 1: an open watch is referenced from here: koffi closes a handle when it is collected.
// Rule 2: an exception in the callback would vanish; it is thrown again outside.
// Rule 3: close the watch before its descriptor, and never have two watches on one descriptor: koffi
//         aborts the process.
// Rule 4: on the main thread only. A worker that is terminated, or whose process exits, while koffi
//         calls back cannot run the callback, and koffi aborts the process.
import { fstatSync } from 'node:fs';
import { getSystemErrorMap } from 'node:util';
import threads from 'node:worker_threads';
import koffi from 'koffi';
import type { Fd } from './fd.js';
import { errno, SystemError } from './system-error.js';

/** What to wait for. A hang-up of the other end counts as readable. */
export interface WatchEvents {
  readonly readable: boolean;
  readonly writable: boolean;
}

interface PollHandle {
  start(events: WatchEvents, callback: PollCallback): void;
  stop(): void;
  close(): void;
  ref(): void;
  unref(): void;
}

type PollCallback = (status: number, events: WatchEvents) => void;

const poll = koffi.node.poll as unknown as (
  rawFd: number,
  events: WatchEvents,
  callback: PollCallback,
) => PollHandle;

const open = new Set<Watch>();

// A process that ends with an unref'd watch polls once more, and koffi aborts it when that calls back.
process.once('exit', () => {
  for (const watch of open) watch.close();
});

/** Calls back, level-triggered, for as long as the descriptor is readable or writable. */
export class Watch implements Disposable {
  readonly #handle: PollHandle;
  readonly #callback: PollCallback;
  #events: WatchEvents;
  #isOpen = true;

  /**
   * Makes the descriptor non-blocking. Throws EPERM for a file or directory, which cannot be polled,
   * and ERR_IVSHMEM_WORKER_THREAD in a worker.
   */
  constructor(fd: Fd, events: WatchEvents, callback: (events: WatchEvents) => void) {
    this.#events = events;
    this.#callback = (status, seen) => {
      try {
        // libuv stops at POLLERR. What is wrong shows in the next read or write, which may well put
        // it right: an eventfd that the kernel overflowed is an ordinary one once it is drained.
        if (status < 0) this.#handle.start(this.#events, this.#callback);
        callback(status < 0 ? { readable: true, writable: true } : seen);
      } catch (error) {
        setImmediate(() => {
          throw error;
        });
      }
    };
    checkWatchable(fd);
    this.#handle = startPoll(fd.rawFd, events, this.#callback);
    open.add(this);
  }

  /** Changes what to wait for; with neither, the watch rests. */
  update(events: WatchEvents): void {
    const { readable, writable } = this.#events;
    if (!this.#isOpen || (events.readable === readable && events.writable === writable)) return;
    this.#events = events;
    if (events.readable || events.writable) this.#handle.start(events, this.#callback);
    else this.#handle.stop();
  }

  /** Lets the process end although the watch is open. */
  unref(): void {
    // koffi crashes when a closed handle is touched.
    if (this.#isOpen) this.#handle.unref();
  }

  /** Ends the watch; again does nothing. The callback is not called any more. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    open.delete(this);
    this.#handle.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

// koffi does not throw where it cannot watch: it aborts the process.
function checkWatchable(fd: Fd): void {
  if (!threads.isMainThread) {
    const message = 'a descriptor cannot be watched in a worker: do it on the main thread';
    throw Object.assign(new Error(message), { code: 'ERR_IVSHMEM_WORKER_THREAD' });
  }
  const stats = fstatSync(fd.rawFd);
  if (stats.isFile() || stats.isDirectory()) throw new SystemError(errno.EPERM, 'epoll_ctl');
}

// koffi gives the reason only as libuv's text, at the end of the message.
function startPoll(rawFd: number, events: WatchEvents, callback: PollCallback): PollHandle {
  try {
    return poll(rawFd, events, callback);
  } catch (error) {
    const { message } = error as Error;
    const known = [...getSystemErrorMap()].find(([, [, text]]) => message.endsWith(`: ${text}`));
    if (known === undefined) throw error;
    throw new SystemError(-known[0], 'epoll_ctl');
  }
}

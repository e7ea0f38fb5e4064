// The control socket: HTTP and JSON on a UNIX socket, served by a thread of its own.
//
// Theory of operation. Parsing, thousands of requests, answers of megabytes and whoever reads them slowly are
// the thread's business: the server's event loop only answers the thread's questions, in short pieces, and one
// look at a time. A thread that dies, out of its bounded memory for instance, is started again; peers do
// not notice.
//
// Rule 1: the socket is there from the start, with its mode, before anybody can connect; what connects before
//         the thread listens waits in the kernel.
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { Worker } from 'node:worker_threads';
import type { Fd } from '../../native/fd.js';
import { startListening, type Listening } from '../server/listening.js';
import type { Ask, Question, RegionPart, Reply } from './question.js';

/** Where it is. */
export interface ControlPlace {
  /** 1–107 bytes. */
  readonly path: string;
  /** A socket that listens there already; it stays the caller's. Default: one is made. */
  readonly fd?: Fd | undefined;
}

/** What a control socket stands on. */
export interface ControlOptions {
  readonly place: ControlPlace;
  /** Answers a question; `tell` gets parts. */
  readonly answer: (ask: Ask, tell: (part: RegionPart) => void) => Promise<unknown>;
  /** The thread has died, and is started again. */
  readonly onTrouble: (error: Error) => void;
}

/** What the thread is started with. */
export interface ThreadData {
  /** What listens; it stays the server's, and open as long as the thread is there. */
  readonly rawFd: number;
}

const MODE = 0o600;
const THREAD_HEAP_MB = 256;
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 60_000;
const STEADY_MS = 60_000;
const END_MS = 500;

/** A control socket, until it is closed. */
export class ControlSocket implements AsyncDisposable {
  readonly #listener: Listening;
  readonly #options: ControlOptions;
  #thread: Worker | undefined;
  #pause: NodeJS.Timeout | undefined;
  #pauseMs = FIRST_PAUSE_MS;
  #isClosed = false;
  #isRunning = false;

  private constructor(listener: Listening, options: ControlOptions) {
    this.#listener = listener;
    this.#options = options;
  }

  /** Claims and opens the socket. Throws as `startListening` does, and leaves nothing behind then. */
  static open(options: ControlOptions): ControlSocket {
    const { path: socket, fd } = options.place;
    const inherited = fd && new Map([[socket, fd]]);
    return new ControlSocket(startListening({ socket, socketMode: MODE, inherited }), options);
  }

  /** Path of the socket. */
  get path(): string {
    return this.#listener.path;
  }

  /** Makes this user the owner of the socket. Throws SystemError. */
  giveTo(uid: number): void {
    this.#listener.giveTo(uid);
  }

  /** Starts the thread; resolves when it has loaded all that it needs. */
  async start(): Promise<void> {
    const thread = this.#startThread();
    await new Promise<void>((resolve) => {
      thread.once('message', () => {
        resolve();
      });
      thread.once('exit', () => {
        resolve();
      });
    });
  }

  /**
   * Ends it: who follows is told what there is, for up to half a second. Rejects with what `Listener.close`
   * throws.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#pause);
    const thread = this.#thread;
    try {
      this.#listener.shutDown();
      if (thread && this.#isRunning) {
        thread.postMessage('end');
        await Promise.race([once(thread, 'exit'), sleep(END_MS, undefined, { ref: false })]);
      }
    } finally {
      await thread?.terminate();
      this.#listener.close();
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #startThread(): Worker {
    const startedMs = performance.now();
    const thread = new Worker(new URL('./thread/main.js', import.meta.url), {
      workerData: { rawFd: this.#listener.fd.rawFd } satisfies ThreadData,
      resourceLimits: { maxOldGenerationSizeMb: THREAD_HEAP_MB },
      name: 'control',
    });
    this.#thread = thread;
    this.#isRunning = true;
    thread.on('message', (message: Question | 'loaded') => {
      if (message !== 'loaded') void this.#answer(thread, message);
    });
    thread.on('error', (error) => {
      this.#options.onTrouble(error);
    });
    thread.on('exit', () => {
      this.#isRunning = false;
      if (this.#isClosed) return;
      if (performance.now() - startedMs > STEADY_MS) this.#pauseMs = FIRST_PAUSE_MS;
      this.#pause = setTimeout(() => this.#startThread(), this.#pauseMs);
      this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
    });
    return thread;
  }

  async #answer(thread: Worker, { number, ...ask }: Question): Promise<void> {
    const reply = (message: Reply): void => {
      if (this.#thread === thread) thread.postMessage(message);
    };
    try {
      const done = await this.#options.answer(ask, (part) => {
        reply({ number, part });
      });
      reply({ number, done });
    } catch (error) {
      const { code = 'ERR_IVSHMEM_INTERNAL', message } = error as NodeJS.ErrnoException;
      reply({ number, error: { code, message } });
    }
  }
}

// The control socket: HTTP and JSON on a UNIX socket, served by a process of its own, the front.
//
// Theory of operation. Parsing, thousands of requests, answers of megabytes and whoever reads them slowly are
// the front's business, and so are the descriptors of all these connections: the server's event loop only
// answers the front's questions, one of a kind at a time and in short pieces. A front that dies, out of its
// bounded memory for instance, is started again; peers do not notice. (A thread would not do: V8 takes the
// whole process along when a thread is ended in the middle of HTTP, or runs out of memory.)
//
// Rule 1: the socket is there from the start, with its mode, before anybody can connect; what connects before
//         the front listens waits in the kernel.
// Rule 2: the front has one of our descriptors, the socket, and no right that the server has not. It dies with the
//         server: a socket that it kept open would be in the way of the next.
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { Fd } from '../../native/fd.js';
import { Failures } from '../server/failures.js';
import { claimSocket, type Listening } from '../server/listening.js';
import type { UserIdentity } from './become.js';
import { Inquiries, type Answer } from './inquiries.js';
import { openAfterFront } from './left-behind.js';
import type { Cancel, Question, Reply } from './question.js';

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
  /** The front has died or could not be started, and is started again. */
  readonly onTrouble: (error: Error) => void;
}

/** What the front is told. */
export type ToFront =
  | { readonly kind: 'listen'; readonly as?: UserIdentity | undefined }
  | { readonly kind: 'reply'; readonly reply: Reply }
  | { readonly kind: 'end' };

/** The number of the socket in the front. */
export const LISTENING_FD = 4;

const MODE = 0o600;
const FRONT = fileURLToPath(new URL('./front/main.js', import.meta.url));
// What is new is 4 MiB at most, too: Node 24 would let it grow with the machine's memory.
const FRONT_HEAP = ['--max-old-space-size=256', '--max-semi-space-size=4'];
const FIRST_PAUSE_MS = 100;
// Who connects meanwhile waits, and ControlClient for no more than 15 seconds.
const LONGEST_PAUSE_MS = 10_000;
const STEADY_MS = 60_000;
const END_MS = 1_000;
// V8 says why it ends before a list of a hundred functions.
const MAX_COMPLAINT_CHARACTERS = 32_768;
const REASON = /^(?:FATAL ERROR|\w*Error\b[^:]*): .*/m;

/** A control socket, until it is closed. */
export class ControlSocket implements AsyncDisposable {
  readonly #listener: Listening;
  readonly #options: ControlOptions;
  #front: ChildProcess | undefined;
  #answer: Answer | undefined;
  #isClosed = false;
  #pause: NodeJS.Timeout | undefined;
  #pauseMs = FIRST_PAUSE_MS;

  private constructor(listener: Listening, options: ControlOptions) {
    this.#listener = listener;
    this.#options = options;
  }

  /** Claims and opens the socket. Rejects as `Listener.claim` and `open` throw, and leaves nothing behind then. */
  static async open(options: ControlOptions): Promise<ControlSocket> {
    const { path: socket, fd } = options.place;
    const inherited = fd && new Map([[socket, fd]]);
    const claim = claimSocket({ socket, socketMode: MODE, inherited, kind: 'control' });
    try {
      return new ControlSocket(await openAfterFront(socket, () => claim.open()), options);
    } catch (error) {
      claim.close();
      throw error;
    }
  }

  /** Path of the socket. */
  get path(): string {
    return this.#listener.path;
  }

  /** Makes this user the owner of the socket. Throws SystemError. */
  giveTo(uid: number): void {
    this.#listener.giveTo(uid);
  }

  /** Starts the front; resolves when it has loaded all that it needs, has died, or could not be started. */
  async load(): Promise<void> {
    const front = this.#startFront();
    if (front === undefined) return;
    await new Promise((resolve) => {
      for (const event of ['message', 'exit', 'error']) front.once(event, resolve);
    });
    // From here on the server does not live on for its sake.
    front.unref();
    front.channel?.unref();
    (front.stderr as Socket | null)?.unref();
  }

  /** From now on who connects is answered so, by a front that becomes this user first. */
  serve(answer: Answer, as?: UserIdentity): void {
    this.#answer = answer;
    this.#tell(this.#front, { kind: 'listen', as });
  }

  /**
   * Ends it: who follows is told what there is, for up to a second. Rejects with what `Listener.close` throws.
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#pause);
    const failures = new Failures();
    failures.attempt(() => {
      this.#listener.shutDown();
    });
    await this.#endFront();
    failures.attempt(() => {
      this.#listener.close();
    });
    failures.throwFirst();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // Undefined: there is none, and the next one will be.
  #startFront(): ChildProcess | undefined {
    const startedMs = performance.now();
    const front = this.#fork();
    if (front === undefined) return undefined;
    this.#front = front;
    let complaint = '';
    front.stderr?.setEncoding('utf8').on('data', (text: string) => {
      complaint = `${complaint}${text}`.slice(-MAX_COMPLAINT_CHARACTERS);
    });
    let inquiries: Inquiries | undefined;
    front.on('message', (message: Question | Cancel | 'loaded') => {
      if (message === 'loaded' || this.#answer === undefined) return;
      inquiries ??= new Inquiries(this.#answer, (reply) => {
        this.#tell(front, { kind: 'reply', reply });
      });
      inquiries.receive(message);
    });
    front.on('error', (error) => {
      // It has not even begun: there is no end to come.
      if (front.pid === undefined) this.#startAgainAfter(error);
    });
    front.on('exit', (code, signal) => {
      inquiries?.cancelAll();
      if (performance.now() - startedMs > STEADY_MS) this.#pauseMs = FIRST_PAUSE_MS;
      const [reason] = REASON.exec(complaint) ?? [];
      const end = signal ?? `exit code ${code}`;
      this.#startAgainAfter(new Error(reason === undefined ? end : `${end}: ${reason}`));
    });
    return front;
  }

  #fork(): ChildProcess | undefined {
    try {
      return fork(FRONT, {
        execArgv: FRONT_HEAP,
        serialization: 'advanced',
        stdio: ['ignore', 'ignore', 'pipe', 'ipc', this.#listener.fd.rawFd],
      });
    } catch (error) {
      // Some errors are thrown (ENOMEM, ENOTDIR), and some are events (ENOENT, EAGAIN, EMFILE).
      this.#startAgainAfter(error as Error);
      return undefined;
    }
  }

  async #endFront(): Promise<void> {
    const front = this.#front;
    if (front?.pid === undefined || front.exitCode !== null || front.signalCode !== null) return;
    const end = once(front, 'exit');
    front.ref();
    // With no answers yet nobody has been let in, and nobody follows.
    if (this.#answer) {
      this.#tell(front, { kind: 'end' });
      await Promise.race([end, sleep(END_MS, undefined, { ref: false })]);
    }
    front.kill('SIGKILL');
    await end;
  }

  // The next one is started after a while.
  #startAgainAfter(error: Error): void {
    if (this.#isClosed) return;
    this.#options.onTrouble(error);
    this.#pause = setTimeout(() => {
      void this.load();
      if (this.#answer) this.#tell(this.#front, { kind: 'listen' });
    }, this.#pauseMs);
    this.#pauseMs = Math.min(this.#pauseMs * 2, LONGEST_PAUSE_MS);
  }

  // One that has died is told nothing any more.
  #tell(front: ChildProcess | undefined, message: ToFront): void {
    if (front?.connected) front.send(message, () => undefined);
  }
}

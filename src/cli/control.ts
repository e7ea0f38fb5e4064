// The control socket of a server that runs as a process.
//
// Rule 1: it is there before the first VM can be, and goes last: an operator sees the start and the end.
import type { UserIdentity } from '../control/become.js';
import { ControlError } from '../control/control-error.js';
import { ControlSocket, type ControlPlace } from '../control/control-socket.js';
import { EventFeed } from '../control/event-feed.js';
import { ControlSource, type SourceOptions } from '../control/source.js';
import type { Log } from './log.js';

/** The control socket of this process. */
export class Control implements AsyncDisposable {
  readonly #log: Log;
  readonly #feed = new EventFeed();
  readonly #socket: ControlSocket;
  #source: ControlSource | undefined;

  /** Opens it. Throws as `ControlSocket.open`. */
  constructor(place: ControlPlace, log: Log) {
    this.#log = log;
    this.#socket = ControlSocket.open({
      place,
      answer: async (ask, tell) => {
        if (this.#source) return this.#source.answer(ask, tell);
        throw new ControlError('ERR_IVSHMEM_NO_ANSWER', 'the server is starting: try again');
      },
      onTrouble: ({ message }) => {
        log.error(
          { event: 'control' },
          `the control socket failed, and is started again: ${message}`,
        );
      },
    });
    log.watch((event) => {
      this.#feed.add(event);
    });
  }

  /** Loads what it needs; resolves when that is done. */
  load(): Promise<void> {
    return this.#socket.load();
  }

  /** Makes this user the owner of the socket. Throws SystemError. */
  giveTo(uid: number): void {
    this.#socket.giveTo(uid);
  }

  /** From now on there is something to tell, by a front that becomes this user first. */
  serve(options: Pick<SourceOptions, 'daemon' | 'reload'>, as?: UserIdentity): void {
    const logLinesDropped = (): number => this.#log.linesDropped;
    this.#source = new ControlSource({ ...options, feed: this.#feed, logLinesDropped });
    this.#socket.serve(as);
    const { path } = this.#socket;
    this.#log.info({ event: 'control', socket: path }, `control socket ${path}: ivshmem status`);
  }

  /** Ends it. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.#socket.close();
    this.#source?.[Symbol.dispose]();
  }
}

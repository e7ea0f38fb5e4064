// The control socket of a server that runs as a process.
//
// Rule 1: it is there before the first VM can be, and goes last: an operator sees the start and the end.
import { statSync } from 'node:fs';
import type { UserIdentity } from '../control/become.js';
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

  private constructor(socket: ControlSocket, log: Log) {
    this.#socket = socket;
    this.#log = log;
    log.watch((event) => {
      this.#feed.add(event);
    });
  }

  /** Opens it. Rejects as `ControlSocket.open`. */
  static async open(place: ControlPlace, log: Log): Promise<Control> {
    const socket = await ControlSocket.open({
      place,
      onTrouble: ({ message }) => {
        log.error(
          { event: 'control' },
          `the control socket failed, and is started again: ${message}`,
        );
      },
    });
    const control = new Control(socket, log);
    if (place.fd !== undefined) warnOfMode(place.path, log);
    return control;
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
    const source = new ControlSource({ ...options, feed: this.#feed, logLinesDropped });
    this.#source = source;
    this.#socket.serve((ask, inquiry) => source.answer(ask, inquiry), as);
    const { path } = this.#socket;
    this.#log.info({ event: 'control', socket: path }, `control socket ${path}: ivshmem status`);
  }

  /** Ends it. What cannot be put away is said: it must not stand in the way of what is said of the regions. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#source?.[Symbol.dispose]();
    try {
      await this.#socket.close();
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      this.#log.error({ event: 'failed', code }, `the control socket stays: ${message}`);
    }
  }
}

// One that we make is ours alone; of another's the opener has decided. To connect is to write.
function warnOfMode(path: string, log: Log): void {
  const mode = modeOf(path);
  if (mode === undefined || (mode & 0o022) === 0) return;
  log.warn(
    { event: 'warning', code: 'control-mode' },
    `the control socket ${path} has mode 0${mode.toString(8)}: whoever may write to it may evict and reload; ` +
      'open it with mode 0600 (SocketMode=0600)',
  );
}

function modeOf(path: string): number | undefined {
  try {
    return statSync(path).mode & 0o777;
  } catch {
    return undefined; // it is where we may not look
  }
}

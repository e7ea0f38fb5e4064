// The socket that the service manager listens on: short texts, each a datagram.
// https://man7.org/linux/man-pages/man3/sd_notify.3.html
//
// Rule 1: the server does not depend on it. What is wrong with the socket is a warning, once, and nothing
//         waits for whoever does not read. Who has bound its socket anew is found by the next message.
// Rule 2: of what has no room only the latest of each kind is kept, in the order in which they came.
import { SystemError } from '../../native/system-error.js';
import { DatagramSocket } from './datagram-socket.js';

/** Something to tell people. */
export type Warn = (message: string) => void;

/** Sends what the service manager is to know. */
export class NotifySocket implements Disposable {
  readonly #address: string;
  readonly #warn: Warn;
  readonly #socket: DatagramSocket | undefined;
  // By the name of the first variable.
  readonly #waiting = new Map<string, string>();
  #hasWarned = false;

  /** Connects to what NOTIFY_SOCKET says. Throws MissingPackageError. */
  constructor(address: string, warn: Warn) {
    this.#address = address;
    this.#warn = warn;
    this.#socket = this.#connect();
  }

  /** Sends variables, one a line, now or when there is room. */
  send(text: string): void {
    const kind = text.slice(0, text.indexOf('='));
    // At the end: it is the latest.
    this.#waiting.delete(kind);
    this.#waiting.set(kind, text);
    this.#flush();
  }

  /** Ends it; again does nothing. */
  close(): void {
    this.#socket?.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #connect(): DatagramSocket | undefined {
    if (!/^[/@]./.test(this.#address)) {
      this.#complain('it is no absolute path, and no abstract name that begins with @');
      return undefined;
    }
    try {
      return new DatagramSocket(this.#address, () => {
        this.#flush();
      });
    } catch (error) {
      this.#complainOf(error);
      return undefined;
    }
  }

  #flush(): void {
    for (const [kind, text] of this.#waiting) {
      if (!this.#sends(text)) return;
      this.#waiting.delete(kind);
    }
  }

  // Whether that is over: sent, or lost.
  #sends(text: string): boolean {
    try {
      if (this.#reaches(text)) return true;
      this.#complain('its queue is full, nobody reads');
      return false;
    } catch (error) {
      this.#complainOf(error);
      return true;
    }
  }

  #reaches(text: string): boolean {
    if (this.#socket === undefined) return true;
    try {
      return this.#socket.send(text);
    } catch {
      this.#socket.reconnect();
      return this.#socket.send(text);
    }
  }

  #complainOf(error: unknown): void {
    if (!(error instanceof SystemError)) throw error;
    this.#complain(error.message);
  }

  #complain(what: string): void {
    if (this.#hasWarned) return;
    this.#hasWarned = true;
    this.#warn(
      `the service manager is not told, NOTIFY_SOCKET is '${this.#address}': ${what}; ` +
        'the server goes on: if the unit waits for it, check NotifyAccess= and the path, or use Type=exec',
    );
  }
}

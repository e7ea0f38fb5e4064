// A UNIX datagram socket that is connected to one address, by the package unix-dgram.
//
// Rule 1: this is the only file that loads unix-dgram. It is compiled where it is installed and may be
//         missing: then there is an error that says so.
// Rule 2: nothing here waits: what has no room is the caller's to send again.
// Rule 3: it keeps the event loop alive until it is closed: unix-dgram watches it and has no unref().
import { EventEmitter } from 'node:events';
import { createRequire } from 'node:module';
import path from 'node:path';
import { connectAbstractName } from '../../native/abstract-name.js';
import { errno, SystemError } from '../../native/system-error.js';
import { MAX_SOCKET_PATH_BYTES } from '../../native/unix-socket.js';
import { MissingPackageError } from './missing-package-error.js';

/** What we use of it: https://www.npmjs.com/package/unix-dgram */
interface UnixDgram {
  createSocket(type: 'unix_dgram'): DgramSocket;
}
interface DgramSocket extends EventEmitter {
  readonly fd: number;
  /** Whether `send` needs no path. */
  connected?: boolean;
  connect(path: string): void;
  send(data: Buffer, done: (error?: Error & { readonly code: number }) => void): void;
  close(): void;
}

const CONGESTION = 1;
const require = createRequire(import.meta.url);

/** A socket that sends to one address. */
export class DatagramSocket implements Disposable {
  readonly #socket: DgramSocket;
  readonly #address: string;
  #isOpen = true;

  /**
   * Connects to a path, or to an abstract name as `@name`; `onRoom` is called when there is room again. Throws
   * MissingPackageError, SystemError (ENOENT, ECONNREFUSED, EACCES, ENAMETOOLONG, …).
   */
  constructor(address: string, onRoom: () => void) {
    this.#address = address;
    this.#socket = load().createSocket('unix_dgram');
    this.#socket.on('writable', onRoom);
    try {
      this.#connect();
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** Whether it went; false: there is no room. Throws SystemError (ECONNREFUSED, ENOTCONN, …). */
  send(text: string): boolean {
    let code = 0;
    // Called before `send` returns.
    this.#socket.send(Buffer.from(text), (error) => (code = error?.code ?? 0));
    if (code < 0) throw new SystemError(-code, 'send', this.#address);
    return code !== CONGESTION;
  }

  /** Connects again: whoever has the address now. Throws SystemError. */
  reconnect(): void {
    this.#connect();
  }

  /** Ends it, and what had no room is lost; again does nothing. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#socket.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  // unix-dgram knows paths alone, and cuts off what is too long.
  #connect(): void {
    if (this.#address.startsWith('@')) {
      connectAbstractName(this.#socket.fd, this.#address.slice(1));
      this.#socket.connected = true;
      return;
    }
    if (Buffer.byteLength(this.#address) > MAX_SOCKET_PATH_BYTES)
      throw new SystemError(errno.ENAMETOOLONG, 'connect', this.#address);
    let code = 0;
    const onError = (error: Error & { readonly code: number }): void => {
      code = error.code;
    };
    // Called before `connect` returns.
    this.#socket.on('error', onError);
    this.#socket.connect(this.#address);
    this.#socket.off('error', onError);
    if (code < 0) throw new SystemError(-code, 'connect', this.#address);
  }
}

function load(): UnixDgram {
  try {
    return require('unix-dgram') as UnixDgram;
  } catch (cause) {
    const root = path.resolve(import.meta.dirname, '../../..');
    throw new MissingPackageError(
      'NOTIFY_SOCKET is set, and the package unix-dgram, which the service manager is told by, is not built ' +
        `(${reasonOf(cause)}): install a C++ compiler, make and python3, and run ` +
        `npm install --allow-scripts=unix-dgram (or npm rebuild unix-dgram) in ${root}; ` +
        'or do without: Type=exec in the unit and no WatchdogSec=, from a shell env -u NOTIFY_SOCKET',
      { cause },
    );
  }
}

function reasonOf(cause: unknown): string {
  const { code, message } = cause as NodeJS.ErrnoException;
  if (code === 'MODULE_NOT_FOUND') return 'it is not installed';
  // dlopen(3) fails for other reasons, too: a library that is missing, a file that is cut off.
  return code === 'ERR_DLOPEN_FAILED' && message.includes('NODE_MODULE_VERSION')
    ? 'it is built for another Node'
    : (message.split('\n', 1)[0] ?? '');
}

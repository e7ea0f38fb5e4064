// Taking connections off the listener.
//
// Rule 1: a few per turn of the event loop: a storm of connects starves nobody who is attached.
// Rule 2: out of descriptors, the queue must not stand still (each QEMU in it would hang): a spare
//         descriptor is given up for long enough to accept one connection and have it refused.
import { openSync } from 'node:fs';
import { Fd } from '../../native/fd.js';
import { SystemError } from '../../native/system-error.js';
import { acceptSocket } from '../../native/unix-socket.js';
import { Watch } from '../../native/watch.js';

/** Connections that are taken before the event loop gets to everything else. */
export const ACCEPTS_PER_TURN = 16;
const PAUSE_MS = 100;

/** What becomes of accepted sockets: each belongs to who is called. */
export interface AcceptorEvents {
  onConnection(socket: Fd): void;
  /** There was no descriptor for it; `cause` is EMFILE or ENFILE. It has to be closed at once. */
  onStarved(socket: Fd, cause: SystemError): void;
  /** The kernel would not accept; it is tried again. */
  onTrouble(cause: SystemError): void;
}

/** Accepts until closed. */
export class Acceptor {
  readonly #listener: Fd;
  readonly #events: AcceptorEvents;
  readonly #watch: Watch;
  #spare: Fd | undefined;
  #pause: NodeJS.Timeout | undefined;
  #onDrained: (() => void) | undefined;

  /** The listener stays the caller's. */
  constructor(listener: Fd, events: AcceptorEvents) {
    this.#listener = listener;
    this.#events = events;
    this.#watch = new Watch(listener, { readable: true, writable: false }, () => {
      this.#acceptSome();
    });
    this.#spare = openSpare();
  }

  /**
   * Accepts all that queues; for a listener that was shut down. `onDrained` is called when nobody queues any
   * more: before this returns, unless the kernel would not accept.
   */
  drain(onDrained: () => void = () => undefined): void {
    this.#onDrained = onDrained;
    while (this.#acceptOne());
  }

  /** Accepts no more; again does nothing. */
  close(): void {
    clearTimeout(this.#pause);
    this.#watch.close();
    this.#spare?.close();
  }

  #acceptSome(): void {
    for (let count = 0; count < ACCEPTS_PER_TURN; count += 1) {
      if (!this.#acceptOne()) return;
    }
  }

  // Whether there may be more.
  #acceptOne(): boolean {
    let socket: Fd | undefined;
    try {
      socket = acceptSocket(this.#listener);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      return this.#cope(error);
    }
    if (socket === undefined) this.#findEmpty();
    else this.#events.onConnection(socket);
    return socket !== undefined;
  }

  #findEmpty(): void {
    if (this.#onDrained === undefined) return;
    // To the kernel a listener that was shut down is readable for ever, its queue empty or not.
    this.#watch.close();
    clearTimeout(this.#pause);
    this.#onDrained();
  }

  #cope(error: SystemError): boolean {
    if (error.code === 'ECONNABORTED') return true;
    if (error.code === 'EMFILE' || error.code === 'ENFILE') return this.#useSpare(error);
    this.#rest(error);
    return false;
  }

  #useSpare(cause: SystemError): boolean {
    this.#spare?.close();
    let socket: Fd | undefined;
    let isEmpty = false;
    try {
      socket = acceptSocket(this.#listener);
      isEmpty = socket === undefined;
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      this.#rest(error);
    }
    if (socket !== undefined) this.#events.onStarved(socket, cause);
    this.#spare = openSpare();
    // Without a free descriptor the kernel says so, whether anybody queues or not.
    if (isEmpty) this.#findEmpty();
    return socket !== undefined;
  }

  #rest(cause: SystemError): void {
    this.#watch.update({ readable: false, writable: false });
    clearTimeout(this.#pause);
    this.#pause = setTimeout(() => {
      this.#spare ??= openSpare();
      this.#watch.update({ readable: true, writable: false });
    }, PAUSE_MS);
    this.#events.onTrouble(cause);
  }
}

// Undefined while there is none to be had.
function openSpare(): Fd | undefined {
  try {
    return new Fd(openSync('/dev/null', 'r'));
  } catch {
    return undefined;
  }
}

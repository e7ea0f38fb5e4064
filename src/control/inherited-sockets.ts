// The sockets that this process was started with: systemd's, by its protocol, or a script's, by number.
//
// Rule 1: each is what it was said to be, a listening UNIX stream socket with a path of its own, or the start
//         fails: nothing else of what was passed is guessed at.
// Rule 2: they stay open until the process ends, whether a region has them or not: a socket that is closed
//         here would still take connections for who opened it, and nobody could get it back.
import path from 'node:path';
import { Fd } from '../../native/fd.js';
import { boundPath, isOpen, makeOurs, socketKind } from '../../native/inherited-socket.js';
import { EnvironmentError } from './environment-error.js';
import { takePassed } from './passed-descriptors.js';

/** One of them. */
export interface InheritedSocket {
  readonly fd: Fd;
  /** As systemd calls it; undefined for one that was given by its number. */
  readonly name: string | undefined;
  /** Where it is bound, absolute. */
  readonly path: string;
}

/** Closes descriptors that it was given. */
export class InheritedSockets implements Disposable {
  readonly #sockets: InheritedSocket[] = [];

  /**
   * Takes over what the environment says (see `takePassed`) and the descriptor of a number that a person
   * gave. Throws EnvironmentError for the former; what `complain` makes of it for the latter.
   */
  constructor(
    env: NodeJS.ProcessEnv,
    given?: { readonly rawFd: number; readonly complain: (message: string) => Error },
  ) {
    try {
      for (const { rawFd, name } of takePassed(env)) {
        const complain = (message: string): Error =>
          new EnvironmentError('LISTEN_FDS', `${message} (it is called '${name}')`);
        this.#add(rawFd, name, complain);
      }
      if (given !== undefined) this.#add(given.rawFd, undefined, given.complain);
    } catch (error) {
      this.close();
      throw error;
    }
  }

  /** In the order of their numbers. */
  get sockets(): readonly InheritedSocket[] {
    return [...this.#sockets];
  }

  /** Closes them; again does nothing. */
  close(): void {
    for (const { fd } of this.#sockets.splice(0)) fd.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #add(rawFd: number, name: string | undefined, complain: (message: string) => Error): void {
    if (this.#sockets.some(({ fd }) => fd.rawFd === rawFd))
      throw complain(`descriptor ${rawFd} was passed by systemd already`);
    if (!isOpen(rawFd)) throw complain(`descriptor ${rawFd} is not open`);
    const fd = new Fd(rawFd, closeUnlessStandard);
    const fault = faultOf(fd);
    const bound = fault === undefined ? boundPath(fd) : undefined;
    if (bound === undefined) {
      // It is not what we were told, so it may be anybody's: Node's own, for one.
      fd.disown();
      throw complain(
        `descriptor ${rawFd} is ${fault ?? 'a socket without a path'}; needed: a UNIX stream socket that listens`,
      );
    }
    const socket = { fd, name, path: path.resolve(bound) };
    const same = this.#sockets.find((other) => other.path === socket.path);
    this.#sockets.push(socket);
    if (same) throw complain(`descriptors ${same.fd.rawFd} and ${rawFd} are both ${bound}`);
    makeOurs(fd);
  }
}

// What is behind a number may be anything.
function faultOf(fd: Fd): string | undefined {
  const kind = socketKind(fd);
  if (kind === undefined) return 'no socket';
  if (!kind.isUnix) return 'a socket of another family';
  if (!kind.isStream) return 'a socket of another type';
  if (!kind.isListening) return 'a socket that does not listen';
  return kind.isShutDown ? 'a socket that somebody has shut down' : undefined;
}

// Standard streams stay: the next descriptor that is opened would be taken for one.
function closeUnlessStandard(rawFd: number): void {
  if (rawFd > 2) new Fd(rawFd).close();
}

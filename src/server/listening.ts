// Where peers connect to: a socket of our own, or one that was open before us.
import { InheritedListener } from './inherited-listener.js';
import { Listener } from './listener.js';
import type { SocketOptions } from './listener.js';
import type { LockedKind } from './lock-file.js';
import type { ServerOptions } from './options.js';

/** A socket that peers connect to, whoever opened it. */
export type Listening = Listener | InheritedListener;

/** A socket, whether it is open already, and what it is for. */
export interface ListeningOptions extends SocketOptions, Pick<ServerOptions, 'inherited'> {
  /** Default: a region. */
  readonly kind?: LockedKind;
}

/** A claim to the path of a socket, to become that socket or to be given up. */
export interface Claim {
  /** Listens from now on; the claim is the socket's then. Throws as `Listener.open`. */
  open(): Listening;
  /** Gives it up; again does nothing. */
  close(): void;
}

/** Claims the socket of these options; nothing listens yet. Throws as `Listener.claim`. */
export function claimSocket(options: ListeningOptions): Claim {
  const { socket, inherited, kind } = options;
  const fd = inherited?.get(socket);
  if (fd === undefined) {
    const lock = Listener.claim(socket, kind);
    return { open: () => Listener.open(lock, options), close: () => lock.close() };
  }
  const lock = InheritedListener.claim(socket, fd, kind);
  return { open: () => new InheritedListener(socket, fd, lock), close: () => lock?.close() };
}

/** Claims and listens at once; leaves nothing behind where it throws. */
export function startListening(options: ListeningOptions): Listening {
  const claim = claimSocket(options);
  try {
    return claim.open();
  } catch (error) {
    claim.close();
    throw error;
  }
}

// The sockets of a region, each with what accepts there: opened, changed and shut while the region lives.
//
// Rule 1: a connection that came before its socket was shut is accepted, and taken or refused by who it is:
//         QEMU spins on one that ends without a word.
//         But for one that is not ours: who queues there waits for the next server.
// Rule 2: a socket that is being shut has its lock until nobody queues there any more.
import path from 'node:path';
import type { Acceptor } from './acceptor.js';
import { Failures } from './failures.js';
import { startListening, type Listening } from './listening.js';
import type { CheckedOptions } from './options.js';

/** A VM by its name, and the path of its own socket. */
export interface VmSocket {
  readonly name: string;
  readonly socket: string;
}

interface OpenDoor {
  readonly listener: Listening;
  readonly acceptor: Acceptor;
  /** The name of the VM whose own it is. */
  readonly vm: string | undefined;
}

/** The sockets of one region. */
export class Doors {
  readonly #open = new Set<OpenDoor>();
  readonly #ending = new Set<OpenDoor>();
  readonly #accept: (listener: Listening, vm: string | undefined) => Acceptor;

  /** `accept` starts what accepts on a listener. */
  constructor(accept: (listener: Listening, vm: string | undefined) => Acceptor) {
    this.#accept = accept;
  }

  /** How many can be connected to. */
  get count(): number {
    return this.#open.size;
  }

  /** Accepts on this listener, which it owns from now on, unless this throws. */
  add(listener: Listening, vm?: string): void {
    this.#open.add({ listener, acceptor: this.#accept(listener, vm), vm });
  }

  /** Opens a VM's own, with the mode and group of these options; leaves nothing behind where it throws. */
  open({ name, socket }: VmSocket, options: CheckedOptions): void {
    const listener = startListening({ ...options, socket });
    try {
      this.add(listener, name);
    } catch (error) {
      listener.close();
      throw error;
    }
  }

  /** Lets others connect to the sockets of this VM, or to those that are no VM's; see `Listener.admit`. */
  admit(options: CheckedOptions, vm?: string): void {
    const failures = new Failures();
    for (const door of this.#open)
      if (door.vm === vm) failures.attempt(() => door.listener.admit(options));
    failures.throwFirst();
  }

  /** Makes this user the owner of all sockets. */
  giveTo(uid: number): void {
    for (const { listener } of this.#open) listener.giveTo(uid);
  }

  /** Shuts a VM's own. Throws the first thing that could not be put away, when all the rest is. */
  shut({ name, socket }: VmSocket): void {
    const failures = new Failures();
    for (const door of this.#open) {
      if (door.vm !== name || path.resolve(door.listener.path) !== path.resolve(socket)) continue;
      this.#open.delete(door);
      this.#ending.add(door);
      failures.attempt(() => door.listener.shutDown());
      drain(door, () => {
        this.#ending.delete(door);
        door.acceptor.close();
        failures.attempt(() => door.listener.close());
      });
    }
    failures.throwFirst();
  }

  /** Nobody can connect from now on; those who queue are accepted. */
  shutAll(failures: Failures): void {
    for (const { listener } of this.#all) failures.attempt(() => listener.shutDown());
    for (const door of this.#all) failures.attempt(() => drain(door));
  }

  /** Nothing is accepted any more. */
  stopAccepting(failures: Failures): void {
    for (const { acceptor } of this.#all) failures.attempt(() => acceptor.close());
  }

  /** Gives the sockets up. */
  close(failures: Failures): void {
    for (const { listener } of this.#all) failures.attempt(() => listener.close());
  }

  get #all(): readonly OpenDoor[] {
    return [...this.#open, ...this.#ending];
  }
}

// Accepts those who queue on a socket of our own, then calls back: at once, unless the kernel would not accept.
function drain({ listener, acceptor }: OpenDoor, onDrained?: () => void): void {
  if (!listener.isInherited) {
    acceptor.drain(onDrained);
    return;
  }
  acceptor.close();
  onDrained?.();
}

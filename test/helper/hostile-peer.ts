// A peer that keeps all that it is sent, and does with it what no friend would.
// Rule 1: it takes what the server gives to anybody: nothing here that another user could not do.
import { drainEventfd } from '../../native/eventfd.js';
import type { Fd } from '../../native/fd.js';
import { connectSocket } from '../../native/unix-socket.js';
import { fillEventfd } from '../native/full-count.js';
import { makeBlocking } from '../native/status-flags.js';
import { MessageReader } from './message-reader.js';
import type { Scope } from './temp.js';
import { until } from './until.js';

export class HostilePeer {
  readonly #reader: MessageReader;
  readonly #doorbells = new Map<number, Fd[]>();
  #memory: Fd | undefined;
  #id: number | undefined;
  #messages = 0;

  private constructor(socket: Fd) {
    this.#reader = new MessageReader(socket);
  }

  /** Joins; what it holds is closed when the test ends. */
  static async join(t: Scope, path: string): Promise<HostilePeer> {
    const peer = new HostilePeer(connectSocket(path)!);
    t.teardown(() => {
      peer.leave();
      peer.#memory?.close();
      for (const fd of [...peer.#doorbells.values()].flat()) fd.close();
    });
    await until('it is welcome', () => peer.knows(peer.#id ?? NaN));
    return peer;
  }

  get memory(): Fd {
    return this.#memory!;
  }

  /** Whether it has been told of this peer. */
  knows(id: number): boolean {
    this.#reader.read(({ number, fd }) => {
      this.#messages += 1;
      if (this.#messages === 2) this.#id = number;
      else if (fd === undefined) return;
      else if (number === -1) this.#memory = fd;
      else this.#doorbells.set(number, [...(this.#doorbells.get(number) ?? []), fd]);
    });
    return this.#doorbells.has(id);
  }

  /** Somebody's doorbell, whether it may still be there or not. */
  doorbell(id: number, vector = 0): Fd {
    return this.#doorbells.get(id)![vector]!;
  }

  /** Takes rings that were another's. */
  drain(id: number): bigint {
    return drainEventfd(this.doorbell(id));
  }

  /** Leaves no room for a ring in another's doorbell, and lets who rings it wait. */
  block(id: number): void {
    fillEventfd(this.doorbell(id));
    makeBlocking(this.doorbell(id).rawFd);
  }

  /** Closes its connection, and keeps all that it has. */
  leave(): void {
    this.#reader.close();
  }
}

// A region with two peers who must not notice what befalls a third one, for tests in which the kernel fails.
import { libc } from '../../native/libc.js';
import { failing, type CallName } from './fault.js';
import { Ledger } from './ledger.js';
import { Region } from './region.js';
import { StrictPeer } from './strict-peer.js';
import type { Scope } from './temp.js';
import { until } from './until.js';

/** What calls fail with. */
export const codes = [
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'EAGAIN',
  'ENOBUFS',
  'ETOOMANYREFS',
  'EPIPE',
  'ECONNRESET',
] as const;
export type Code = (typeof codes)[number];

/** What becomes of a newcomer; a connection without an end does not become anything. */
export type Outcome = 'refused' | 'joined' | 'gone';

/** What becomes of a newcomer when a call of the server's fails once: which one, and with what. */
export type Outcomes = Partial<Record<CallName, (code: Code, call: number) => Outcome>>;

/** The server's calls of a join. */
export const joinOutcomes: Outcomes = {
  // Out of descriptors, the spare one serves to say so. The second call finds the queue empty.
  accept4: (code, call) =>
    (code === 'EMFILE' || code === 'ENFILE') && call === 0 ? 'refused' : 'joined',
  // The kernel says ECONNRESET of nobody who is still there.
  recv: (code) => (code === 'ECONNRESET' ? 'gone' : 'joined'),
  getsockopt: () => 'refused',
  eventfd: () => 'refused',
  sendmmsg: () => 'joined',
  // Of an ordinary user only (the ordinary user's test runs this file): how much has been read.
  ioctl: () => 'joined',
};

/** Doorbells of each. */
export const vectors = 3;

/**
 * Calls that a strict peer makes itself, `close`, whose errors nobody can act upon, and what is asked
 * now and then only (own-descriptors.test).
 */
const ofPeers = ['socket', 'connect', 'recvmsg', 'close', 'prlimit'];

/** A region with two peers, who must not notice. */
export class Scene {
  readonly region: Region;
  readonly #attached: readonly StrictPeer[];
  readonly #ledger: Ledger;

  private constructor(region: Region, attached: readonly StrictPeer[], ledger: Ledger) {
    this.region = region;
    this.#attached = attached;
    this.#ledger = ledger;
  }

  static async open(t: Scope): Promise<Scene> {
    const region = await Region.listenWithHost(t, { vectors });
    const options = { vectors, ledger: new Ledger(), rings: true };
    const a = await StrictPeer.join(t, region.socket, options);
    const b = await StrictPeer.join(t, region.socket, options);
    const scene = new Scene(region, [a, b], options.ledger);
    await scene.know(2);
    return scene;
  }

  connect(t: Scope, { isVisitor = false } = {}): StrictPeer {
    const path = isVisitor ? this.region.hostSocket : this.region.socket;
    const peer = StrictPeer.connect(path, { vectors, ledger: this.#ledger, isVisitor });
    t.teardown(() => {
      peer.close();
    });
    return peer;
  }

  /** Resolves when both have been told of so many peers, complete. */
  async know(count: number): Promise<void> {
    await until(`all know ${count} peers`, () => {
      for (const peer of this.#attached) peer.read();
      return this.#attached.every(
        ({ told }) => told.size === count && [...told.values()].every((told) => told === vectors),
      );
    });
  }

  /** Messages that came to both since they last read. */
  news(): number {
    return this.#attached.reduce((sum, peer) => sum + peer.read(), 0);
  }

  /** How often the server makes each call of the kernel's for one newcomer, who is the third. */
  async countCalls(t: Scope, options?: { isVisitor: boolean }): Promise<Map<CallName, number>> {
    const names = (Object.keys(libc) as CallName[]).filter((name) => !ofPeers.includes(name));
    const faults = names.map((name) => failing(t, name, 'EAGAIN', { after: Infinity }));
    const newcomer = this.connect(t, options);
    await until('the newcomer joins', () => outcomeOf(newcomer) === 'joined');
    await this.know(3);
    return new Map(names.map((name, index) => [name, faults[index]!.calls]));
  }

  /** Whether each can ring both. */
  rings(): boolean {
    for (const from of this.#attached) for (const { id } of this.#attached) from.ring(id, 0);
    return this.#attached.every((peer) => peer.heard()[0] === this.#attached.length);
  }
}

export function outcomeOf(peer: StrictPeer): Outcome | undefined {
  peer.read();
  if (peer.isWelcomed) return 'joined';
  if (!peer.isOver) return undefined;
  return peer.refusal === undefined ? 'gone' : 'refused';
}

// Strict peers who are attached, and must not notice what befalls others.
//
// Rule 1: they read only while somebody waits for them here.
import { Ledger } from '../test/helper/ledger.js';
import type { StrictPeer } from '../test/helper/strict-peer.js';
import { must } from './check.js';
import { connectStrictly } from './connection.js';
import type { Subject } from './subject.js';

export interface CompanyOptions {
  /** The region's. Default 1. */
  readonly vectors?: number;
  /** Keeps everybody's doorbells, for `ring`. Default true. */
  readonly rings?: boolean;
  /** Looks at one doorbell in so many. Default 1. */
  readonly looksAtOneIn?: number;
}

export class Company {
  readonly vectors: number;
  readonly ledger: Ledger;
  readonly #subject: Subject;
  readonly #rings: boolean;
  readonly #peers: StrictPeer[] = [];

  constructor(
    subject: Subject,
    { vectors = 1, rings = true, looksAtOneIn = 1 }: CompanyOptions = {},
  ) {
    this.#subject = subject;
    this.vectors = vectors;
    this.#rings = rings;
    this.ledger = new Ledger({ looksAtOneIn });
  }

  /** So many who know each other. */
  static async of(subject: Subject, count: number, options?: CompanyOptions): Promise<Company> {
    const company = new Company(subject, options);
    for (let peers = 0; peers < count; peers += 1) await company.join();
    await company.settle();
    return company;
  }

  get peers(): readonly StrictPeer[] {
    return this.#peers;
  }

  /** One that has read nothing yet; it is no member before `enter`. */
  connect(): Promise<StrictPeer> {
    const { vectors, ledger } = this;
    return connectStrictly(this.#subject, { vectors, ledger, rings: this.#rings });
  }

  /** One more, who has all of its own vectors. */
  async join(): Promise<StrictPeer> {
    const peer = await this.tryJoin();
    must(peer !== undefined, 'refuses a newcomer');
    return peer;
  }

  /** The same; undefined when it was refused. */
  async tryJoin(): Promise<StrictPeer | undefined> {
    const peer = await this.connect();
    await this.#subject.until('a newcomer has its own vectors', () => {
      this.read();
      peer.read();
      return peer.isWelcomed || peer.refusal !== undefined;
    });
    if (peer.refusal !== undefined) return undefined;
    this.enter(peer);
    return peer;
  }

  /** From now on it is one of those who must know each other. */
  enter(peer: StrictPeer): void {
    this.#peers.push(peer);
  }

  /** It hangs up. */
  leave(peer: StrictPeer): void {
    peer.close();
    this.#peers.splice(this.#peers.indexOf(peer), 1);
  }

  /** All read; gives how many messages came. Throws when one was hung up on. */
  read(): number {
    let messages = 0;
    for (const peer of this.#peers) {
      messages += peer.read();
      must(!peer.isOver, 'hangs up on a peer that did nothing wrong');
    }
    return messages;
  }

  /** Resolves when all know exactly each other, with all vectors, and so many others. */
  async settle({ besides = 0 } = {}): Promise<void> {
    await this.#subject.until('all know exactly who is there', () => {
      this.read();
      return this.isComplete({ besides });
    });
  }

  /** Whether that is so, by what they have read. */
  isComplete({ besides = 0 } = {}): boolean {
    const size = this.#peers.length + besides;
    return this.#peers.every(
      ({ told }) =>
        told.size === size && this.#peers.every(({ id }) => told.get(id) === this.vectors),
    );
  }

  /** One more joins, behind all news; then all know exactly each other, and hear each other's rings. */
  async prove(): Promise<void> {
    await this.join();
    await this.settle();
    this.ring();
  }

  /** Everybody rings everybody. Throws unless all was heard by whom it was for. */
  ring(): void {
    for (const from of this.#peers) {
      for (const [id, vectors] of from.told) {
        for (let vector = 0; vector < vectors; vector += 1) from.ring(id, vector);
      }
    }
    for (const peer of this.#peers) {
      const areHeard = peer.heard().every((count) => count === this.#peers.length);
      must(areHeard, `peer ${peer.id} does not hear its doorbells`);
    }
  }
}

// Strict peers that join, leave, stall, go on and are killed at random, until all come to rest and
// each must know exactly who is there.
//
// Rule 1: whatever is random comes from the one generator, so that a seed repeats it.
// Rule 2: reading is no step. Between steps everybody who is not stalled reads a little or all.
import { Ledger } from './ledger.js';
import type { Random } from './random.js';
import { socketCapacity } from './socket-capacity.js';
import { StrictPeer } from './strict-peer.js';
import type { Scope } from './temp.js';
import { until } from './until.js';

export interface CrowdOptions {
  readonly socket: string;
  /** If there is one, some come through it: they have slots. */
  readonly hostSocket?: string | undefined;
  readonly vectors: number;
  readonly random: Random;
  /** Peers at a time. */
  readonly most: number;
}

const STEPS_TO_A_TARGET = 400; // enough to go from none to 100
const TARGETS_TO_ALL = 5;
const RINGERS = 10;
const VISITORS = 10; // fewer than there are slots: the server may see a few ends late

export class Crowd {
  readonly ledger = new Ledger({ looksAtOneIn: 4 });
  /** The most peers at a time until now. */
  peak = 0;
  /** How often somebody who went on reading found its socket full. */
  full = 0;
  /** How many came through the socket for host commands. */
  visits = 0;
  readonly #options: CrowdOptions;
  readonly #capacity = socketCapacity();
  readonly #reading = new Set<StrictPeer>();
  readonly #stalled = new Set<StrictPeer>();
  readonly #ringers = new Set<StrictPeer>();
  readonly #ending = new Set<StrictPeer>();
  readonly #visitors = new Set<StrictPeer>();
  #steps = 0;
  #target = 0;

  /** Everybody goes when the test ends. */
  constructor(t: Scope, options: CrowdOptions) {
    this.#options = options;
    t.teardown(() => {
      for (const peer of [...this.#peers, ...this.#ending]) peer.close();
    });
  }

  get size(): number {
    return this.#reading.size + this.#stalled.size;
  }

  /** IDs of those who are there, as they were told, ascending. */
  get ids(): number[] {
    return this.#peers.map(({ id }) => id).sort((a, b) => a - b);
  }

  /** One join, leave, stall, resume or kill. */
  step(): void {
    const { random } = this.#options;
    if (this.#steps % STEPS_TO_A_TARGET === 0) this.#target = this.#nextTarget();
    this.#steps += 1;
    const act = random.below(100);
    if (act < 14) this.stall(random.pick([...this.#reading]));
    else if (act < 24) this.#resume(random.pick([...this.#stalled]));
    // Mostly towards the target, and often enough the other way.
    else if (this.size < this.#target ? act < 80 : act < 44) this.join();
    else this.#part(random.pick(this.#peers));
  }

  /** Lets those who read read, or some of them a few bytes. */
  read(): void {
    const { random } = this.#options;
    if (random.oneIn(4)) this.#readAll();
    else random.pick([...this.#reading])?.read(random.below(100));
  }

  /** One more, unless there are enough. */
  join(): StrictPeer | undefined {
    const { vectors, most } = this.#options;
    if (this.size === most) return undefined;
    const rings = this.#ringers.size < RINGERS;
    const { path, isVisitor } = this.#door();
    const peer = StrictPeer.connect(path, { vectors, ledger: this.ledger, rings, isVisitor });
    if (isVisitor) this.#visitors.add(peer);
    if (isVisitor) this.visits += 1;
    if (rings) this.#ringers.add(peer);
    this.#reading.add(peer);
    this.peak = Math.max(this.peak, this.size);
    return peer;
  }

  /** This one reads nothing more for now. */
  stall(peer: StrictPeer | undefined): void {
    if (peer && this.#reading.delete(peer)) this.#stalled.add(peer);
  }

  /** Nobody is stalled any more. */
  resumeAll(): void {
    for (const peer of [...this.#stalled]) this.#resume(peer);
  }

  /** Resolves when all who are not stalled know exactly these peers, complete. */
  async settle(present: () => readonly number[]): Promise<void> {
    await until('all who read know exactly who is there', () => {
      this.#readAll();
      // Who stalled before its ID came is there, too, and has to be told from the others.
      for (const peer of this.#stalled) if (Number.isNaN(peer.id)) peer.read(16);
      const ids = present();
      return this.#ending.size === 0 && [...this.#reading].every((peer) => this.#knows(peer, ids));
    });
  }

  /** The ringers ring every doorbell once; gives whose vectors were not rung as often as there are ringers. */
  deaf(): number[] {
    for (const ringer of this.#ringers) {
      for (const [id, vectors] of ringer.told) {
        for (let vector = 0; vector < vectors; vector += 1) ringer.ring(id, vector);
      }
    }
    const isDeaf = (rings: number[]): boolean =>
      rings.length !== this.#options.vectors || rings.some((count) => count !== this.#ringers.size);
    return this.#peers.filter((peer) => isDeaf(peer.heard())).map(({ id }) => id);
  }

  #nextTarget(): number {
    const { random, most } = this.#options;
    const isAll = this.#steps % (STEPS_TO_A_TARGET * TARGETS_TO_ALL) === 0;
    return isAll ? most : random.below(most / 2);
  }

  #door(): { path: string; isVisitor: boolean } {
    const { socket, hostSocket, random } = this.#options;
    const isVisitor = hostSocket !== undefined && this.#visitors.size < VISITORS && random.oneIn(3);
    return { path: isVisitor ? hostSocket : socket, isVisitor };
  }

  get #peers(): StrictPeer[] {
    return [...this.#reading, ...this.#stalled];
  }

  #resume(peer: StrictPeer | undefined): void {
    if (!peer) return;
    this.#stalled.delete(peer);
    this.#reading.add(peer);
    if (peer.read() >= this.#capacity) this.full += 1;
  }

  // A hang-up in one of its forms, up to date or not, inside a message or not.
  #part(peer: StrictPeer | undefined): void {
    if (!peer) return;
    const { random } = this.#options;
    const isStalled = this.#stalled.delete(peer);
    this.#reading.delete(peer);
    this.#ringers.delete(peer);
    this.#visitors.delete(peer);
    if (!isStalled) peer.read(random.oneIn(2) ? Infinity : random.below(100));
    if (random.oneIn(2)) {
      peer.close();
    } else {
      peer.hangUp(random.oneIn(2) ? 'half' : 'garbage');
      this.#ending.add(peer);
    }
  }

  #readAll(): void {
    for (const peer of this.#reading) peer.read();
    for (const peer of this.#ending) {
      peer.read();
      if (!peer.isOver) continue;
      peer.close();
      this.#ending.delete(peer);
    }
  }

  #knows({ told }: StrictPeer, ids: readonly number[]): boolean {
    return told.size === ids.length && ids.every((id) => told.get(id) === this.#options.vectors);
  }
}

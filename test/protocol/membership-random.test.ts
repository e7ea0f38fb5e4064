// The membership against a naive model, over random joins, leaves, slots whose owners come and go, and
// partial sends.
//
// The model keeps for each peer the full queue of what it is still to be told, and for each ID who
// has heard of it: too expensive for a server, too simple to be wrong. Each peer's side of the link
// is besides checked by itself, from what it received and from nothing else.
import t from 'tap';
import type { Entry } from '../../src/protocol/join-log.js';
import { Membership } from '../../src/protocol/membership.js';
import type { Message } from '../../src/protocol/wire.js';
import { BoundedOutbox, doorbells, LinkedPeer, memory, type Rows } from '../helper/link.js';
import { Random } from '../helper/random.js';

const STEPS = 40_000;
const ALL_IDS = 65_536;
const RESERVED = 12;

type Item = { readonly id: number; readonly vector: number } | { readonly text: string };

/** What a peer is still to be told, and whose IDs it has been told of. */
class NaivePeer {
  readonly id: number;
  readonly queue: Item[];
  readonly heard = new Set<number>();

  constructor(id: number, present: readonly number[], vectors: number) {
    this.id = id;
    this.queue = [{ text: '0' }, { text: `${id}` }, { text: '-1 memory' }];
    for (const other of present) if (other !== id) this.join(other, vectors);
    this.join(id, vectors);
  }

  join(id: number, vectors: number): void {
    for (let vector = 0; vector < vectors; vector += 1) this.queue.push({ id, vector });
  }

  leave(id: number): void {
    const rest = this.queue.filter((item) => !('vector' in item && item.id === id));
    this.queue.splice(0, Infinity, ...rest);
    if (!this.heard.has(id)) return;
    const isVector = (item: Item | undefined): item is { id: number; vector: number } =>
      item !== undefined && 'vector' in item;
    // Behind our own vectors and what of a peer's vectors has begun, among other leaves by ID.
    let at = this.queue.findLastIndex((item) => isVector(item) && item.id === this.id) + 1;
    for (let next = this.queue[at]; isVector(next) && next.vector > 0; next = this.queue[at])
      at += 1;
    for (let next = this.queue[at]; next && 'text' in next; next = this.queue[at]) {
      if (Number(next.text) > id) break;
      at += 1;
    }
    this.queue.splice(at, 0, { text: `${id}` });
  }

  /** The next message in words; it counts as told. */
  next(): string | undefined {
    const item = this.queue.shift();
    if (item === undefined || 'text' in item) return item?.text;
    this.heard.add(item.id);
    return `${item.id} ${item.id}.${item.vector}`;
  }
}

/** Checks what one peer received, by the rules that keep a QEMU alive. */
class Observer {
  readonly #vectors: number;
  readonly #told = new Map<number, number>();
  readonly #gone = new Set<number>();
  #count = 0;
  #id = NaN;
  #unfinished: number | undefined;

  constructor(vectors: number) {
    this.#vectors = vectors;
  }

  /** IDs of those it sees complete, ascending. */
  get view(): number[] {
    return [...this.#told.keys()].sort((a, b) => a - b);
  }

  receive({ number, fd }: Message<string>): void {
    this.#count += 1;
    if (this.#count === 1) return must(number === 0 && fd === undefined, 'version');
    if (this.#count === 2) {
      this.#id = number;
      return must(number >= 0 && number < ALL_IDS && fd === undefined, 'ID');
    }
    if (this.#count === 3) return must(number === -1 && fd === 'memory', 'memory');
    must(!this.#gone.has(number), `nothing after a leave for ID ${number}`);
    if (fd === undefined) this.#leave(number);
    else this.#doorbell(number, fd);
  }

  #leave(id: number): void {
    must(this.#told.get(this.#id) === this.#vectors, 'no leave before the own vectors');
    must(this.#told.delete(id), `a leave of ${id} only if it was heard of`);
    this.#gone.add(id);
    this.#unfinished = undefined;
  }

  #doorbell(id: number, fd: string): void {
    const vector = this.#told.get(id) ?? 0;
    must(fd === `${id}.${vector}`, `vector ${vector} of ${id}, not ${fd}`);
    must(vector < this.#vectors, 'no vector twice');
    // What was interrupted never goes on: only a leave can follow.
    must(vector === 0 || id === this.#unfinished, `nothing inside the vectors of ${id}`);
    this.#told.set(id, vector + 1);
    this.#unfinished = vector + 1 < this.#vectors ? id : undefined;
  }
}

function must(holds: boolean, rule: string): void {
  if (!holds) throw new Error(`broken: ${rule}`);
}

/** Who is there, in the order of the joins; a slot is, its owner or not. */
interface Present {
  readonly id: number;
  readonly slot?: Entry<Rows>;
}

interface Pair {
  readonly linked: LinkedPeer;
  readonly naive: NaivePeer;
  readonly observer: Observer;
}

/** One region beside its model. */
class Trial {
  readonly pairs: Pair[] = [];
  readonly vectors: number;
  wraps = 0;
  messages = 0;
  returns = 0;
  kept = 0;
  readonly #present: Present[] = [];
  readonly #reserved = new Set<number>();
  readonly #membership: Membership<Rows>;
  readonly #random: Random;
  // One above the last one taken, 65,536 too: the next is around if it is below.
  #nextId = 0;

  constructor(random: Random, vectors: number) {
    this.#random = random;
    this.vectors = vectors;
    this.#membership = new Membership<Rows>({ memory, vectors });
    // Some where the first ones come, some anywhere.
    while (this.#reserved.size < RESERVED)
      this.#reserved.add(random.below(random.oneIn(2) ? 100 : ALL_IDS));
    for (const id of this.#reserved) this.#membership.reserve(id);
  }

  join(): void {
    const linked = LinkedPeer.join(this.#membership);
    this.#joined(linked.state.id);
    this.#come(linked);
  }

  leave(pair: Pair): void {
    this.pairs.splice(this.pairs.indexOf(pair), 1);
    const told = this.#membership.leave(pair.linked.state);
    this.#left(pair.naive.id, told);
  }

  /** A join with nobody behind it, under the next ID or under one that was kept for it. */
  makeSlot(): void {
    const reserved = this.#random.oneIn(2) ? this.#random.pick([...this.#reserved]) : undefined;
    const slot = this.#membership.add((id) => doorbells(id, this.vectors), reserved);
    if (!slot) throw new Error('no ID is left');
    this.#joined(slot.id, { slot, reserved });
    if (reserved !== undefined) this.kept += 1;
  }

  /** A slot without owner goes. */
  removeSlot(): void {
    const slot = this.#random.pick(this.#vacant());
    if (slot) this.#left(slot.id, this.#membership.remove(slot));
  }

  /** The owner of a slot comes, or comes back. */
  enter(): void {
    const slot = this.#random.pick(this.#vacant());
    if (!slot) return;
    this.#come(LinkedPeer.enter(this.#membership, slot));
    this.returns += 1;
  }

  /** A peer goes and leaves its join behind, which is a slot then; nobody is told. */
  exit(pair: Pair): void {
    this.pairs.splice(this.pairs.indexOf(pair), 1);
    const { entry } = pair.linked.state;
    this.#membership.exit(pair.linked.state);
    const index = this.#present.findIndex(({ id }) => id === entry.id);
    this.#present[index] = { id: entry.id, slot: entry };
  }

  /** An outbox of random size, of which a random part is taken. */
  serve({ linked, naive, observer }: Pair): void {
    const room = this.#random.below(this.#random.oneIn(4) ? 100 : 6);
    const taken = this.#random.oneIn(2) ? room : this.#random.below(room + 1);
    const owed = naive.queue.length;
    const messages = linked.serve(room, taken);
    must(messages.length === Math.min(owed, taken), 'an outbox is filled as far as there is news');
    for (const message of messages) {
      const text =
        message.fd === undefined ? `${message.number}` : `${message.number} ${message.fd}`;
      must(text === naive.next(), `the next message is not ${text}`);
      observer.receive(message);
    }
    linked.news();
    linked.facts.splice(0);
    this.messages += messages.length;
  }

  /** IDs go by that nobody hears of, nearly around to those that somebody still knows. */
  goAround(): void {
    const known = this.#random.pick([...(this.#random.pick(this.pairs)?.naive.heard ?? [0])]) ?? 0;
    const distance = (known - this.#random.below(20) - this.#nextId + 2 * ALL_IDS) % ALL_IDS;
    for (const from = this.#nextId; this.#nextId - from < distance;) {
      const state = this.#membership.join((id) => doorbells(id, 0));
      if (!state) throw new Error('no ID is left');
      must(this.#membership.leave(state).length === 0, 'nobody was told');
      if (this.#passed(state.id)) return;
    }
  }

  /** What can be asked about a peer at any time. */
  check({ linked, naive: { queue } }: Pair): void {
    const descriptors = queue.filter(
      (item) => 'vector' in item || item.text === '-1 memory',
    ).length;
    must(this.#membership.isUpToDate(linked.state) === (queue.length === 0), 'isUpToDate');
    must(this.#membership.descriptorsOwed(linked.state) === descriptors, 'descriptorsOwed');
  }

  /** Everybody is told everything: all views are the truth. */
  drain(): void {
    for (const pair of this.pairs) while (pair.naive.queue.length > 0) this.serve(pair);
    const present = this.#present.map(({ id }) => id).sort((a, b) => a - b);
    const complete = new Map(present.map((id) => [id, this.vectors]));
    for (const { linked, observer } of this.pairs) {
      const outbox = new BoundedOutbox(100);
      this.#membership.fill(linked.state, outbox);
      must(outbox.messages.length === 0, 'who is up to date is told nothing');
      must(same(observer.view, present), 'a view is the truth');
      must(linked.handshake.vectors.size === complete.size, 'a handshake counts the same');
      for (const [id, told] of linked.handshake.vectors)
        must(told === complete.get(id), 'all vectors');
    }
  }

  #joined(
    id: number,
    { slot, reserved }: { slot?: Entry<Rows>; reserved?: number | undefined } = {},
  ): void {
    must(id === (reserved ?? this.#expectedId()), `the next ID is not ${id}`);
    if (reserved === undefined) this.#passed(id);
    this.#reserved.delete(id);
    for (const { naive } of this.pairs) naive.join(id, this.vectors);
    this.#present.push(slot ? { id, slot } : { id });
  }

  #come(linked: LinkedPeer): void {
    const present = this.#present.map(({ id }) => id);
    const naive = new NaivePeer(linked.state.id, present, this.vectors);
    this.pairs.push({ linked, naive, observer: new Observer(this.vectors) });
  }

  #left(id: number, told: readonly { readonly id: number }[]): void {
    const index = this.#present.findIndex((present) => present.id === id);
    this.#present.splice(index, 1);
    const heard = this.pairs.map(({ naive }) => naive).filter((naive) => naive.heard.has(id));
    const ids = [told, heard].map((peers) => peers.map((peer) => peer.id));
    must(same(ids[0]!, ids[1]!), 'those who heard of it are owed its leave');
    for (const { naive } of this.pairs) naive.leave(id);
  }

  #vacant(): Entry<Rows>[] {
    const owned = new Set(this.pairs.map(({ naive }) => naive.id));
    return this.#present.flatMap(({ id, slot }) => (slot && !owned.has(id) ? slot : []));
  }

  #passed(id: number): boolean {
    const isAround = id < this.#nextId;
    if (isAround) this.wraps += 1;
    this.#nextId = id + 1;
    return isAround;
  }

  // Ascending from the last one, not in use, and departed from nobody who is there.
  #expectedId(): number {
    let id = this.#nextId % ALL_IDS;
    const isTaken = (): boolean =>
      this.#reserved.has(id) ||
      this.#present.some((present) => present.id === id) ||
      this.pairs.some(({ naive }) => naive.heard.has(id));
    while (isTaken()) id = (id + 1) % ALL_IDS;
    return id;
  }
}

function same(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((value, index) => value === b[index]);
}

function step(trial: Trial, random: Random): void {
  const pair = random.pick(trial.pairs);
  const act = random.below(100);
  if (pair === undefined || (act < 15 && trial.pairs.length < 40)) trial.join();
  else if (act < 28) trial.leave(pair);
  else if (act < 32) trial.exit(pair);
  else if (act < 36) trial.enter();
  else if (act < 37 && random.oneIn(2)) trial.makeSlot();
  else if (act < 37) trial.removeSlot();
  else trial.serve(pair);
  if (pair && trial.pairs.includes(pair)) trial.check(pair);
  if (random.oneIn(500)) trial.drain();
  if (random.oneIn(2_000)) trial.goAround();
}

t.test(`${STEPS} random steps: everybody is told what a full queue would tell`, (t) => {
  const random = new Random();
  t.comment(String(random));
  for (const vectors of [1, 2, 4, 7]) {
    const trial = new Trial(random, vectors);
    let steps = 0;
    try {
      for (; steps < STEPS / 4; steps += 1) step(trial, random);
      trial.drain();
      for (const pair of [...trial.pairs]) trial.leave(pair);
      t.ok(trial.returns > 100, `${trial.returns} owners came to a slot`);
      t.ok(trial.kept > 0, `${trial.kept} reserved IDs were taken`);
    } catch (error) {
      throw new Error(`step ${steps} with ${vectors} vectors, ${String(random)}`, { cause: error });
    }
    t.pass(`${vectors} vectors: ${trial.messages} messages, ${trial.wraps} times around the IDs`);
  }
  t.end();
});

// What a server may send to one peer, judged message by message.
//
// Rule 1: it throws at the first message that would crash, hang or corrupt a QEMU, or that has no
//   place in the specification (docs/specs/ivshmem-spec in QEMU, "Client-Server protocol").
// Rule 2: it knows the protocol from the specification: nothing here comes from `src`.
// Rule 3: a test's region sees fewer than 65,536 joins, so a lower ID is an earlier join. A visitor's
//   own ID says nothing about when it came: it has a slot that may be older than all others. Where IDs are
//   fixed no ID does.

/** What a message says. */
export type Meaning =
  | { readonly type: 'version' }
  | { readonly type: 'refusal'; readonly version: number }
  | { readonly type: 'id'; readonly id: number }
  | { readonly type: 'memory' }
  | { readonly type: 'doorbell'; readonly id: number; readonly vector: number }
  | { readonly type: 'leave'; readonly id: number };

/** What the judge is to know of a peer. */
export interface StrictRulesOptions {
  /** It has a slot. Default false. */
  readonly isVisitor?: boolean;
  /** IDs of the region are fixed: they say nothing about who came first. Default false. */
  readonly hasFixedIds?: boolean;
}

/** The judge of one connection. */
export class StrictRules {
  readonly #vectors: number;
  readonly #isVisitor: boolean;
  readonly #hasFixedIds: boolean;
  readonly #told = new Map<number, number>();
  readonly #gone = new Set<number>();
  #welcome = 0;
  #id = NaN;
  #refusal: number | undefined;
  // Whose vectors have begun and not ended.
  #unfinished: number | undefined;
  #latest = -1;
  // Of those whose IDs tell when they came.
  #highest = -1;

  /** `vectors`: the region's. */
  constructor(
    vectors: number,
    { isVisitor = false, hasFixedIds = false }: StrictRulesOptions = {},
  ) {
    this.#vectors = vectors;
    this.#isVisitor = isVisitor;
    this.#hasFixedIds = hasFixedIds;
  }

  /** Its own ID; NaN before it came. */
  get id(): number {
    return this.#id;
  }

  /** The version that no client accepts, when there was one. */
  get refusal(): number | undefined {
    return this.#refusal;
  }

  /** Who is there, as this peer was told, itself included: doorbells by ID. */
  get told(): ReadonlyMap<number, number> {
    return this.#told;
  }

  /** Whether it has the welcome and all of its own vectors. */
  get isWelcomed(): boolean {
    return this.#told.get(this.#id) === this.#vectors;
  }

  /** Judges the next message. Throws when it is not allowed. */
  receive(number: number, hasFd: boolean): Meaning {
    must(this.#refusal === undefined, 'nothing comes after a refusal');
    this.#welcome += 1;
    if (this.#welcome === 1) return this.#version(number, hasFd);
    if (this.#welcome === 2) return this.#ownId(number, hasFd);
    if (this.#welcome === 3) return memory(number, hasFd);
    must(number >= 0 && number <= 65_535, `a peer ID is 0–65535, not ${number}`);
    must(!this.#gone.has(number), `nothing about ${number}, which was told to have left`);
    return hasFd ? this.#doorbell(number) : this.#leave(number);
  }

  /** Judges the end of the stream. Throws when it is not allowed here. */
  end(isInsideMessage: boolean): void {
    must(!isInsideMessage, 'no end inside a message');
    if (this.#refusal !== undefined) return;
    must(this.#welcome >= 3, 'no end before the memory: QEMU spins');
    must(this.isWelcomed, 'no end before its own vectors: a guest under KVM aborts');
  }

  #version(number: number, hasFd: boolean): Meaning {
    must(!hasFd, 'no descriptor with the version');
    if (number === 0) return { type: 'version' };
    must(number < 0 && number > -4096, `a refusal is a negative errno, not ${number}`);
    this.#refusal = number;
    return { type: 'refusal', version: number };
  }

  #ownId(number: number, hasFd: boolean): Meaning {
    must(number >= 0 && number <= 65_535, `an ID is 0–65535, not ${number}`);
    must(!hasFd, 'no descriptor with the ID');
    this.#id = number;
    return { type: 'id', id: number };
  }

  #doorbell(id: number): Meaning {
    const vector = this.#told.get(id) ?? 0;
    must(vector < this.#vectors, `${this.#vectors} vectors of ${id} and no more`);
    if (vector === 0) this.#begin(id);
    must(id === this.#latest, `${id} broke off, and does not go on after ${this.#latest}`);
    this.#told.set(id, vector + 1);
    this.#unfinished = vector + 1 < this.#vectors ? id : undefined;
    return { type: 'doorbell', id, vector };
  }

  // Those present first, then itself, then those who come later: all in the order of their joins.
  // Who left in the middle breaks off; a newcomer is told that it left after its own vectors.
  #begin(id: number): void {
    must(this.#unfinished === undefined || !this.isWelcomed, `${this.#unfinished} is not complete`);
    this.#latest = id;
    if (this.#hasFixedIds || (this.#isVisitor && id === this.#id)) return;
    must(id > this.#highest, `${id} joined before ${this.#highest}, and is told before it`);
    const mayComeFirst = id <= this.#id || this.#isVisitor;
    must(mayComeFirst || this.isWelcomed, `its own vectors come before those of ${id}`);
    this.#highest = id;
  }

  #leave(id: number): Meaning {
    must(this.isWelcomed, 'no leave before its own vectors');
    must(id !== this.#id, 'nobody is told of its own leave');
    must(this.#told.delete(id), `no leave of ${id}, of which it was never told`);
    this.#gone.add(id);
    if (this.#unfinished === id) this.#unfinished = undefined;
    return { type: 'leave', id };
  }
}

function memory(number: number, hasFd: boolean): Meaning {
  must(number === -1 && hasFd, `the third message is −1 with the memory, not ${number}`);
  return { type: 'memory' };
}

function must(holds: boolean, rule: string): void {
  if (!holds) throw new Error(`broken rule: ${rule}`);
}

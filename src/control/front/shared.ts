// Something that many ask for at once, and that is found out for all of them together.

/** Finds out one at a time; who asks meanwhile shares the next. */
export class Shared<Value> {
  readonly #find: () => Promise<Value>;
  #now: Promise<Value> | undefined;
  #next: Promise<Value> | undefined;
  #isRepeated = false;

  constructor(find: () => Promise<Value>) {
    this.#find = find;
  }

  /** Whether the one that is being found out was asked for during the one before. */
  get isRepeated(): boolean {
    return this.#isRepeated;
  }

  /** As of now or later. Rejects as it does. */
  get(): Promise<Value> {
    if (this.#now === undefined) return this.#start(false);
    this.#next ??= this.#now.then(
      () => this.#start(true),
      () => this.#start(true),
    );
    return this.#next;
  }

  #start(isRepeated: boolean): Promise<Value> {
    this.#next = undefined;
    this.#isRepeated = isRepeated;
    const found = this.#find();
    this.#now = found;
    const forget = (): void => {
      if (this.#now === found) this.#now = undefined;
    };
    found.then(forget, forget);
    return found;
  }
}

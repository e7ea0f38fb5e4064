// The end of something, step by step: one that fails must not keep the others from being taken.
export class Failures {
  #first: { readonly error: unknown } | undefined;

  /** Takes a step, and keeps what it threw. */
  attempt(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.#first ??= { error };
    }
  }

  /** Throws what was thrown first. */
  throwFirst(): void {
    if (this.#first) throw this.#first.error;
  }
}

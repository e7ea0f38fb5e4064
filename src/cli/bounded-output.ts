// Lines to a standard stream that nobody may be reading.
//
// Rule 1: never block, never grow: what does not fit into a bounded queue is dropped, by whole lines,
//         and counted. When the reader is back it is told how many it missed.
import { openOutput, type Output } from '../../native/output.js';

const MAX_QUEUE_BYTES = 262_144;
const FIRST_RETRY_MS = 20;
const LAST_RETRY_MS = 1_000;

export class BoundedOutput implements Disposable {
  readonly #output: Output;
  readonly #onDropped: (lines: number) => void;
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #dropped = 0;
  #droppedInAll = 0;
  #failure: Error | undefined;
  #retryMs = FIRST_RETRY_MS;
  #timer: NodeJS.Timeout | undefined;

  /** `onDropped` is called once the reader is back, before anything else is written. */
  constructor(rawFd: number, onDropped: (lines: number) => void = () => undefined) {
    this.#output = openOutput(rawFd);
    this.#onDropped = onDropped;
  }

  /** Whether nothing waits to be written. */
  get isEmpty(): boolean {
    return this.#queue.length === 0;
  }

  /** Why what was written last is lost (EPIPE, ENOSPC); undefined when it went, or still may. */
  get failure(): Error | undefined {
    return this.#failure;
  }

  /** Lines and blocks that were dropped, since the start. */
  get droppedInAll(): number {
    return this.#droppedInAll;
  }

  /** Takes one line or block of text, with its newline. */
  write(text: string): void {
    const bytes = Buffer.from(text);
    if (this.#queuedBytes + bytes.length > MAX_QUEUE_BYTES) {
      this.#drop(1);
      return;
    }
    this.#queue.push(bytes);
    this.#queuedBytes += bytes.length;
    if (this.#timer === undefined) this.#drain();
  }

  /** Resolves when all is written, or when nobody took anything for `timeoutMs`. */
  async flush(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (this.#queue.length > 0 && performance.now() < deadline) {
      await new Promise((resolve) => setTimeout(resolve, FIRST_RETRY_MS));
      this.#drain();
    }
  }

  /** Lets go of the stream; what is still in the queue is lost. */
  [Symbol.dispose](): void {
    clearTimeout(this.#timer);
    this.#output[Symbol.dispose]();
  }

  #drain(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    try {
      while (this.#queue.length > 0) {
        if (!this.#writeFirst()) {
          this.#retryLater();
          return;
        }
      }
    } catch (error) {
      this.#giveUp(error as Error);
      return;
    }
    const dropped = this.#dropped;
    this.#dropped = 0;
    if (dropped > 0) this.#onDropped(dropped);
  }

  // False when the reader has no room now.
  #writeFirst(): boolean {
    const [first = Buffer.alloc(0)] = this.#queue;
    // What failed may have gone in part.
    const bytes = this.#failure ? Buffer.concat([Buffer.from('\n'), first]) : first;
    const written = this.#output.write(bytes);
    if (written === 0) return false;
    // Somebody reads: what is left must not wait as long as for nobody.
    this.#retryMs = FIRST_RETRY_MS;
    this.#failure = undefined;
    this.#queuedBytes -= first.length;
    this.#queue.shift();
    if (written < bytes.length) {
      const rest = bytes.subarray(written);
      this.#queue.unshift(rest);
      this.#queuedBytes += rest.length;
    }
    return true;
  }

  #drop(lines: number): void {
    this.#dropped += lines;
    this.#droppedInAll += lines;
  }

  #retryLater(): void {
    this.#timer = setTimeout(() => {
      this.#drain();
    }, this.#retryMs).unref();
    this.#retryMs = Math.min(this.#retryMs * 2, LAST_RETRY_MS);
  }

  // The reader is gone (EPIPE), the disk is full: these lines are lost, later ones are tried again.
  #giveUp(failure: Error): void {
    this.#drop(this.#queue.length);
    this.#queue = [];
    this.#queuedBytes = 0;
    this.#failure = failure;
  }
}

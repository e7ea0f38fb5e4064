// How late the event loop is: how long something that is due has to wait for its turn.
//
// Rule 1: a peak is told for a minute at least, however many look meanwhile.
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 50;
const PERIOD_MS = 60_000;

/** In seconds. */
export interface Lag {
  readonly mean: number;
  readonly max: number;
}

/** Measures from now on. */
export class LoopLag implements Disposable {
  readonly #histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  readonly #timer: NodeJS.Timeout;
  #before: Lag = { mean: 0, max: 0 };

  constructor() {
    this.#histogram.enable();
    this.#timer = setInterval(() => {
      this.#before = this.#now;
      this.#histogram.reset();
    }, PERIOD_MS).unref();
  }

  /** Of the last one or two minutes: the greatest, and the mean of the last. */
  get seconds(): Lag {
    const { mean, max } = this.#now;
    return { mean, max: Math.max(max, this.#before.max) };
  }

  [Symbol.dispose](): void {
    clearInterval(this.#timer);
    this.#histogram.disable();
  }

  // What is measured is the time between two looks at the clock; the lag is what is too much of it.
  get #now(): Lag {
    const { count, mean, max } = this.#histogram;
    const seconds = (ns: number): number => Math.max(0, ns / 1e9 - RESOLUTION_MS / 1e3);
    return count === 0 ? { mean: 0, max: 0 } : { mean: seconds(mean), max: seconds(max) };
  }
}

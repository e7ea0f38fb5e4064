// A question of the front's, on the server's side, as long as somebody waits for the answer.
import { monotonicMs } from '../server/monotonic.js';
import { ControlError } from './control-error.js';
import type { Question, RegionPart } from './question.js';

/** One question that was asked. */
export class Inquiry {
  /** When it was asked, on the clock of `monotonicMs`. */
  readonly askedAtMs: number;
  /** Tells a part of the answer. */
  readonly tell: (part: RegionPart) => void;
  readonly #untilMs: number;
  #isCancelled = false;

  constructor({ askedAtMs, untilMs }: Question, tell: (part: RegionPart) => void) {
    this.askedAtMs = askedAtMs;
    this.tell = tell;
    this.#untilMs = untilMs;
  }

  /** Nobody waits for the answer any more. */
  cancel(): void {
    this.#isCancelled = true;
  }

  /** Throws ControlError when nobody waits any more, or was told that nothing came: then nothing is to come. */
  check(): void {
    if (!this.#isCancelled && monotonicMs() < this.#untilMs) return;
    throw new ControlError('ERR_IVSHMEM_NO_ANSWER', 'the server was busy: it was not done');
  }
}

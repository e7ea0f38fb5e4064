// What one front asks, answered on the server's side.
//
// Rule 1: what is answered too late, or asked by somebody who has hung up, is not done: who was told of no
//         success may rely on it.
import { Inquiry } from './inquiry.js';
import type { Ask, Cancel, Question, Reply } from './question.js';

/** Answers a question. What changes something asks `inquiry.check` right before. */
export type Answer = (ask: Ask, inquiry: Inquiry) => Promise<unknown>;

/** The questions of one front. */
export class Inquiries {
  readonly #answer: Answer;
  readonly #reply: (reply: Reply) => void;
  readonly #open = new Map<number, Inquiry>();

  constructor(answer: Answer, reply: (reply: Reply) => void) {
    this.#answer = answer;
    this.#reply = reply;
  }

  /** The front says something. */
  receive(message: Question | Cancel): void {
    if ('cancel' in message) this.#open.get(message.cancel)?.cancel();
    else void this.#take(message);
  }

  /** The front is gone, and with it all who wait. */
  cancelAll(): void {
    for (const inquiry of this.#open.values()) inquiry.cancel();
  }

  async #take(question: Question): Promise<void> {
    const { number } = question;
    const inquiry = new Inquiry(question, (part) => {
      this.#reply({ number, part });
    });
    this.#open.set(number, inquiry);
    try {
      // What is cancelled already says so in one of the next messages.
      await new Promise((resolve) => setImmediate(resolve));
      inquiry.check();
      this.#reply({ number, done: await this.#answer(question, inquiry) });
    } catch (error) {
      const { code = 'ERR_IVSHMEM_INTERNAL', message } = error as NodeJS.ErrnoException;
      this.#reply({ number, error: { code, message } });
    } finally {
      this.#open.delete(number);
    }
  }
}

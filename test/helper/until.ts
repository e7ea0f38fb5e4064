// Waiting for a fact instead of for a time.
// Rule 1: tests never sleep for a fixed time; they ask again until the answer comes or a deadline passes.
// Rule 2: an error names what was waited for.

import { setTimeout as sleep } from 'node:timers/promises';

/** How long any test waits for something that should happen at once, with two busy processors to spare. */
export const deadlineMs = 15_000;

/** Asks until the answer is neither `undefined` nor `false`, and gives it; after the deadline throws, naming `what`. */
export async function until<T>(
  what: string,
  ask: () => T | Promise<T>,
  timeoutMs = deadlineMs,
): Promise<Exclude<T, undefined | false>> {
  const end = performance.now() + timeoutMs;
  for (let pauseMs = 1; ; pauseMs = Math.min(2 * pauseMs, 50)) {
    const answer = await ask();
    if (answer !== undefined && answer !== false) return answer as Exclude<T, undefined | false>;
    if (performance.now() > end) throw new Error(`not within ${timeoutMs} ms: ${what}`);
    await sleep(pauseMs);
  }
}

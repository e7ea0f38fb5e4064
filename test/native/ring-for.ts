// Rings without end, for a while, without a look at the event loop.
import { ringEventfd } from '../../native/eventfd.js';
import type { Fd } from '../../native/fd.js';

/** How it went. */
export interface Rings {
  readonly written: number;
  readonly refused: number;
  readonly longestMs: number;
}

/** Rings for so long. */
export function ringFor(fd: Fd, forMs: number): Rings {
  const end = performance.now() + forMs;
  const rings = { written: 0, refused: 0, longestMs: 0 };
  for (let before = performance.now(); before < end;) {
    if (ringEventfd(fd)) rings.written += 1;
    else rings.refused += 1;
    const after = performance.now();
    rings.longestMs = Math.max(rings.longestMs, after - before);
    before = after;
  }
  return rings;
}

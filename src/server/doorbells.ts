// Doorbells of a newcomer: all of its vectors, or none.
import { createEventfd } from '../../native/eventfd.js';
import type { Fd } from '../../native/fd.js';

/** So many eventfds. Throws SystemError EMFILE, ENFILE, ENOMEM, and leaves none open then. */
export function createDoorbells(vectors: number): Fd[] {
  const doorbells: Fd[] = [];
  try {
    while (doorbells.length < vectors) doorbells.push(createEventfd());
    return doorbells;
  } catch (error) {
    for (const fd of doorbells) fd.close();
    throw error;
  }
}

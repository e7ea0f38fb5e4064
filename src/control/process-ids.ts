// Who runs.
import { readdirSync } from 'node:fs';

/** All processes that can be seen from here. */
export function processIds(): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
}

// How many descriptors this process has, and may have.
//
// Rule 1: to ask the kernel takes longer than all else that is asked of a newcomer. So it is asked when
//         the last answer is old, or when half of the limit may be used; in between we count along.
import { descriptorCount, ownDescriptorLimit } from '../../native/descriptor-limit.js';
import { Fd } from '../../native/fd.js';

const LOOK_IS_GOOD_MS = 1_000;

/** Descriptors of this process. */
export interface OwnDescriptors {
  readonly open: number;
  readonly limit: number;
}

let last = { open: 0, limit: 0, owned: 0, atMs: -Infinity };

/** Now, or lately where `more` of them are far from the limit in any case. */
export function ownDescriptors(more: number): OwnDescriptors {
  const open = last.open + Fd.open - last.owned;
  const isGood = performance.now() - last.atMs < LOOK_IS_GOOD_MS && open + more <= last.limit / 2;
  if (isGood) return { open, limit: last.limit };
  last = {
    open: descriptorCount('self') ?? 0,
    limit: ownDescriptorLimit(),
    owned: Fd.open,
    atMs: performance.now(),
  };
  return last;
}

// Descriptors kept for VMs that are away, in all regions of this process: its limit is one for all of them.
//
// Rule 1: a region that never came up, and that nobody has closed, keeps nothing for long.
import type { Slots } from './slots.js';

const regions = new Set<WeakRef<Slots>>();

/** Keeps room for the VMs of a region from all others, until what is returned is called. */
export function keepRoom(slots: Slots): () => void {
  const region = new WeakRef(slots);
  regions.add(region);
  return () => {
    regions.delete(region);
  };
}

/** What is kept in this region and all others. */
export function descriptorsKept(own: Slots): number {
  let kept = own.kept.descriptors;
  for (const region of regions) {
    const slots = region.deref();
    if (slots === undefined) regions.delete(region);
    else if (slots !== own) kept += slots.kept.descriptors;
  }
  return kept;
}

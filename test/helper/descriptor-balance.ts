// Whether descriptors were left open: those that the house owns, and all that the process has.
import { descriptorCount } from '../../native/descriptor-limit.js';
import { Fd } from '../../native/fd.js';

/** What is open now; two of them are the same when nothing was left in between. */
export function openDescriptors(): { readonly owned: number; readonly all: number | undefined } {
  return { owned: Fd.open, all: descriptorCount('self') };
}

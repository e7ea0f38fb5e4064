// Who has a file open, or shares memory through it.
//
// Rule 1: nobody seen is not nobody: what other users have is for root to see.
import { processDescriptors } from '../../../native/process-descriptors.js';
import { sharedMappings } from '../../../native/process-mappings.js';
import { processIds } from '../process-ids.js';

/** Those that can be seen, by process ID, but for ourselves. */
export function holdersOf(...files: readonly string[]): number[] {
  return processIds().filter(
    (pid) =>
      pid !== process.pid &&
      ((processDescriptors(pid) ?? []).some(({ target }) => files.includes(target)) ||
        (sharedMappings(pid)?.mappings ?? []).some(({ path }) => files.includes(path))),
  );
}

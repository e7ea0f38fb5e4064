// Who has a file or a socket open, or shares memory through a file.
//
// Rule 1: nobody seen is not nobody: what may not be looked at is not seen (may-look.ts).
// Rule 2: nor is it where a process has more mappings than are read, or its user is slow to tell them: such are passed
//         over, and that is known.
// Rule 3: it is read once, when it is first asked for: any user may have a million descriptors, and to read them for
//         each socket would take minutes. So who asks finds out first what else there is to ask about, and a check
//         that needs it fresh reads its own.
import { processDescriptors } from '../../../native/process-descriptors.js';
import { sharedMappings, type SharedMappings } from '../../../native/process-mappings.js';
import { patience } from '../../server/patience.js';
import { processIds } from '../process-ids.js';
import { credentialsOf, keyOf } from './qemu-process.js';

/** All that can be seen, at one moment. */
export class Holders {
  #ofDescriptors: Table | undefined;
  #ofMappings: Table | undefined;
  #hasPassedOver = false;

  /** Who has one of these open, by process ID: paths, or what else /proc/PID/fd shows (`socket:[4711]`). */
  having(...targets: readonly string[]): number[] {
    this.#ofDescriptors ??= tableOf((pid) =>
      (processDescriptors(pid) ?? []).map(({ target }) => target),
    );
    return pidsOf(targets, this.#ofDescriptors);
  }

  /**
   * Who has one of these files open, or shares memory through it, by process ID: paths, or device and inode (`keyOf`),
   * which find who shares memory whatever path it came by.
   */
  using(...files: readonly string[]): number[] {
    this.#ofMappings ??= tableOf((pid) => this.#mappedBy(pid));
    return [...new Set([...this.having(...files), ...pidsOf(files, this.#ofMappings)])];
  }

  /** Whether somebody may use a file and was not seen to, although he may be looked at. */
  get hasPassedOver(): boolean {
    return this.#hasPassedOver;
  }

  #mappedBy(pid: number): string[] {
    const uid = credentialsOf(pid)?.uid ?? 0;
    const seen = patience.look(uid, () => sharedMappings(pid) ?? NONE);
    if (seen?.isWhole !== true) this.#hasPassedOver = true;
    return (seen ?? NONE).mappings.flatMap(({ path, device, inode }) => [
      path,
      keyOf({ dev: device, ino: inode }),
    ]);
  }
}

const NONE: SharedMappings = { mappings: [], isWhole: true };

type Table = ReadonlyMap<string, readonly number[]>;

function tableOf(targetsOf: (pid: number) => readonly string[]): Table {
  const table = new Map<string, number[]>();
  for (const pid of processIds())
    for (const target of new Set(targetsOf(pid))) {
      const pids = table.get(target);
      if (pids === undefined) table.set(target, [pid]);
      else pids.push(pid);
    }
  return table;
}

function pidsOf(targets: readonly string[], table: Table): number[] {
  return [...new Set(targets.flatMap((target) => table.get(target) ?? []))];
}

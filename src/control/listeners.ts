// Who listens on UNIX sockets, in whatever network namespace.
import { readlinkSync } from 'node:fs';
import { unixListeners, type UnixListener } from '../../native/unix-listeners.js';
import { processIds } from './process-ids.js';

/** All that can be seen: of each network namespace the kernel tells those who have a process in it. */
export function allListeners(): UnixListener[] {
  return oneOfEachNetwork().flatMap((pid) => unixListeners(pid));
}

function oneOfEachNetwork(): (number | 'self')[] {
  const found = new Map<string, number | 'self'>();
  for (const pid of ['self', ...processIds()] as const) {
    const network = networkOf(pid);
    if (network !== undefined && !found.has(network)) found.set(network, pid);
  }
  return [...found.values()];
}

// Undefined: another user's, or gone.
function networkOf(pid: number | 'self'): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/ns/net`);
  } catch {
    return undefined;
  }
}

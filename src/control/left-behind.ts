// The front of a server that was killed. The kernel kills it, too, but a moment after the server's lock is free.
//
// Rule 1: it is waited for, and nothing else is done to it: who has what may be told wrongly.
import { setTimeout as sleep } from 'node:timers/promises';
import { readProcFile } from '../../native/proc-file.js';
import { SystemError } from '../../native/system-error.js';
import { connectSocket, peerCredentials } from '../../native/unix-socket.js';
import { ServerError } from '../server/error.js';

const PATIENCE_MS = 2_000;
const PAUSE_MS = 20;
const FRONT = '/control/front/main.js';

/** Opens the socket at this path, whose lock is ours, as soon as no front is left there. Rejects as `open` throws. */
export async function openAfterFront<Opened>(path: string, open: () => Opened): Promise<Opened> {
  const endMs = performance.now() + PATIENCE_MS;
  for (;;) {
    try {
      return open();
    } catch (error) {
      const isInUse = error instanceof ServerError && error.code === 'ERR_IVSHMEM_SOCKET_IN_USE';
      if (!isInUse || performance.now() > endMs || !isLeftBehind(path)) throw error;
    }
    await sleep(PAUSE_MS);
  }
}

function isLeftBehind(path: string): boolean {
  const pid = listenerAt(path);
  // Before a front listens itself, the kernel names its server, which is gone.
  const text = readProcFile(`/proc/${pid}/cmdline`);
  // One that is ending has no memory to read it from any more, and the socket a moment longer.
  if (text === undefined || text === '') return true;
  return text.split('\0').some((word) => word.endsWith(FRONT));
}

// 0: nobody any more, or nobody who can be seen from here.
function listenerAt(path: string): number {
  try {
    using socket = connectSocket(path);
    return socket ? peerCredentials(socket).pid : 0;
  } catch (error) {
    if (error instanceof SystemError) return 0;
    throw error;
  }
}

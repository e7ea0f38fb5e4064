// What a server stands on: its claims, its memory and its sockets.
//
// Rule 1: setup order, each undone in reverse when a later one fails: claims to the sockets, memory,
//         sockets. Each time the socket for host commands comes second, then those of VMs.
// Rule 2: nobody can connect before all the rest is there: who did would be hung up on when it fails.
import { Failures } from './failures.js';
import { claimSocket, type Listening } from './listening.js';
import { openRegionMemory, type RegionMemory } from './memory.js';
import type { CheckedOptions } from './options.js';

/** All that is there before anybody can connect. */
export interface Setup {
  readonly memory: RegionMemory;
  /** Opens the sockets: of all, of host commands if there is one for them, and of VMs that have their own. */
  readonly listen: () => Listening[];
  /** Puts everything away as if it had never been; never throws. */
  readonly undo: () => void;
}

/** Sets up, or leaves nothing behind and rejects as `Server.listen` does. */
export async function setUp(options: CheckedOptions): Promise<Setup> {
  const steps: (() => void)[] = [];
  const undo = (): void => {
    const failures = new Failures();
    for (const step of steps.splice(0).reverse()) failures.attempt(step);
  };
  try {
    return { ...(await take(options, steps)), undo };
  } catch (error) {
    undo();
    throw error;
  }
}

async function take(options: CheckedOptions, undo: (() => void)[]): Promise<Omit<Setup, 'undo'>> {
  const claims = socketsOf(options).map((socket) => {
    const claim = claimSocket(socket);
    undo.push(() => {
      claim.close();
    });
    return claim;
  });
  const memory = await openRegionMemory(options);
  undo.push(() => {
    memory.close();
  });
  if (!memory.isAdopted) undo.push(() => memory.unlink());
  const listen = (): Listening[] =>
    claims.map((claim) => {
      const listener = claim.open();
      undo.push(() => {
        listener.close();
      });
      return listener;
    });
  return { memory, listen };
}

// The options of each socket: they differ in the path alone.
function socketsOf(options: CheckedOptions): CheckedOptions[] {
  const { socket, hostSocket, vms = [] } = options;
  return [socket, hostSocket, ...vms.map((vm) => vm.socket)]
    .filter((path) => path !== undefined)
    .map((path) => ({ ...options, socket: path }));
}

// Regions of running servers, as they tell themselves: by the control socket, or else to whom asks at the
// socket for host commands.
//
// Rule 1: no socket of VMs is ever connected to: that is a join.
// Rule 2: who does not answer is left out, and so is what cannot be seen from here.
import { statSync } from 'node:fs';
import { ask } from '../../peer/ask.js';
import { PeerError } from '../../peer/peer-error.js';
import { ProtocolError } from '../../protocol/protocol-error.js';
import { SystemError } from '../../../native/system-error.js';
import { keyOf } from './qemu-process.js';
import type { PeerStatus, RegionStatus } from '../status.js';

/** A region that is served. */
export interface Region {
  /** Paths that lead VMs to it. */
  readonly sockets: readonly string[];
  readonly vectors: number;
  /** Device and inode of its memory (`keyOf`), if it can be seen from here. */
  readonly memory: string | undefined;
  /** Where the memory has a name. */
  readonly memoryPath: string | undefined;
  /** Known of a server that has a control socket. */
  readonly peers: readonly PeerStatus[] | undefined;
}

const ANSWER_MS = 1_000;

/** The one that a server's status tells. */
export function regionOfStatus(status: RegionStatus): Region {
  const ofVms = status.vms.flatMap(({ socket }) => socket ?? []);
  const { path } = status.memory;
  return {
    sockets: [status.socket, ...ofVms],
    vectors: status.vectors,
    memory: keyAt(path),
    memoryPath: path.startsWith('/proc/') ? undefined : path,
    peers: status.peers,
  };
}

/** The one behind a socket of VMs, asked at the one for host commands beside it; undefined: nobody says. */
export async function regionBehind(socket: string): Promise<Region | undefined> {
  try {
    const { vectors, memory } = await ask(`${socket}.host`, { timeoutMs: ANSWER_MS });
    return {
      sockets: [socket],
      vectors,
      memory: keyOf({ dev: BigInt(memory.device), ino: BigInt(memory.inode) }),
      memoryPath: memory.path.startsWith('/proc/') ? undefined : memory.path,
      peers: undefined,
    };
  } catch (error) {
    const isNoAnswer = [SystemError, PeerError, ProtocolError].some(
      (kind) => error instanceof kind,
    );
    if (isNoAnswer || (error as NodeJS.ErrnoException).syscall !== undefined) return undefined;
    throw error;
  }
}

/** Device and inode of what is at a path; undefined where that cannot be seen. */
export function keyAt(path: string): string | undefined {
  try {
    return keyOf(statSync(path, { bigint: true }));
  } catch {
    return undefined;
  }
}

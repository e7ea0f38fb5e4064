// Regions of running servers, as they tell themselves: by the control socket, or else to whom asks at the
// socket for host commands.
//
// Rule 1: no socket of VMs is ever connected to: that is a join.
// Rule 2: who does not answer is left out, and so is what cannot be seen from here.
import { statSync } from 'node:fs';
import nodePath from 'node:path';
import { processDescriptors } from '../../../native/process-descriptors.js';
import { unixListeners } from '../../../native/unix-listeners.js';
import { ask } from '../../peer/ask.js';
import { PeerError } from '../../peer/peer-error.js';
import { ProtocolError } from '../../protocol/protocol-error.js';
import { SystemError } from '../../../native/system-error.js';
import { keyOf } from './qemu-process.js';
import type { PeerStatus, RegionStatus, ServerStatus } from '../status.js';

/** A region that is served. */
export interface Region {
  /** As it is called; the path of its socket where that is not known. */
  readonly name: string;
  /** Paths that lead VMs to it. */
  readonly sockets: readonly string[];
  /** Device and inode of each of them that can be seen from here (`keyOf`). */
  readonly socketKeys: ReadonlySet<string>;
  readonly vectors: number;
  /** Device and inode of its memory (`keyOf`), if it can be seen from here. */
  readonly memory: string | undefined;
  /** Known of a server that has a control socket, and whose processes are numbered as ours. */
  readonly peers: readonly PeerStatus[] | undefined;
  /** How many may still join; undefined: that is not known. */
  readonly peersLeft: number | undefined;
}

const ANSWER_MS = 5_000; // many are asked at once

/** Those that a server's status tells. */
export function regionsOfStatus(status: ServerStatus): Region[] {
  const isSeen = isSeenHere(status);
  return status.regions.map((region) => regionOfStatus(region, isSeen));
}

// In another PID namespace the server's number of a process is another one's here. What is called as it is has to
// listen on one of its sockets.
function isSeenHere({ pid, regions }: ServerStatus): boolean {
  const names = new Set(regions.map(({ socket }) => nodePath.basename(socket)));
  const listening = unixListeners(pid).filter(({ path }) => names.has(nodePath.basename(path)));
  const open = new Set(processDescriptors(pid)?.map(({ target }) => target));
  return listening.some(({ inode }) => open.has(`socket:[${inode}]`));
}

function regionOfStatus(status: RegionStatus, isSeen: boolean): Region {
  const sockets = [status.socket, ...status.vms.flatMap(({ socket }) => socket ?? [])];
  return {
    name: status.name,
    sockets,
    socketKeys: keysAt(sockets),
    vectors: status.vectors,
    memory: keyAt(status.memory.path),
    peers: isSeen ? status.peers : undefined,
    peersLeft: peersLeftIn(status),
  };
}

// VMs that have a name, and host commands, are not among the peers that are counted.
function peersLeftIn({ maxPeers, peers, vms }: RegionStatus): number {
  const counted = peers.filter(({ vm, isHost }) => vm === undefined && !isHost).length;
  return Math.max(0, maxPeers - counted) + vms.filter(({ isPresent }) => !isPresent).length;
}

/** The one behind a socket of VMs, asked at the one for host commands beside it; undefined: nobody says. */
export async function regionBehind(socket: string): Promise<Region | undefined> {
  try {
    const { vectors, memory } = await ask(`${socket}.host`, { timeoutMs: ANSWER_MS });
    return {
      name: socket,
      sockets: [socket],
      socketKeys: keysAt([socket]),
      vectors,
      memory: keyOf({ dev: BigInt(memory.device), ino: BigInt(memory.inode) }),
      peers: undefined,
      peersLeft: undefined,
    };
  } catch (error) {
    const isNoAnswer = [SystemError, PeerError, ProtocolError].some(
      (kind) => error instanceof kind,
    );
    if (isNoAnswer || (error as NodeJS.ErrnoException).syscall !== undefined) return undefined;
    throw error;
  }
}

function keysAt(paths: readonly string[]): Set<string> {
  return new Set(paths.flatMap((path) => keyAt(path) ?? []));
}

/** Device and inode of what is at a path; undefined where that cannot be seen. */
export function keyAt(path: string): string | undefined {
  try {
    return keyOf(statSync(path, { bigint: true }));
  } catch {
    return undefined;
  }
}

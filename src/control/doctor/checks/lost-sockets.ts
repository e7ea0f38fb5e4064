// Paths that a living server serves at, and that lead elsewhere by now: nobody who comes will meet it.
//
// Rule 1: what the server has open tells: the file that each of its sockets was bound to, and lock files that were
//         removed. Its paths are looked at from where it sees them.
// Rule 2: two files are told apart on the file system of the first; of another one (a mount above it, btrfs) the
//         numbers cannot be compared, and nothing is said.
import { readlinkSync, realpathSync, statSync, type BigIntStats } from 'node:fs';
import path from 'node:path';
import { boundFile, type BoundFile } from '../../../../native/bound-file.js';
import { processDescriptors } from '../../../../native/process-descriptors.js';
import { unixListeners } from '../../../../native/unix-listeners.js';
import { shown, type Check, type Complaint } from '../finding.js';
import { Holders } from '../holders.js';
import { isSocketAt, pathSeenBy } from '../leads-to.js';
import type { Scene } from '../scene.js';

export const lostSockets: Check = {
  name: 'lost-sockets',
  about: 'each path that the server serves at leads to it, and has its lock file',
  scope: (scene) => ({ count: pathsOf(scene).length, of: ['path', 'paths'] }),
  look: (scene) => {
    const server = serverOf(scene);
    if (server === undefined) return [];
    return pathsOf(scene).flatMap((file) => [
      // Where it was asked just now, it is.
      ...(file === scene.control ? [] : lookAtSocket(file, server)),
      ...lookAtLock(file, server),
    ]);
  },
};

function pathsOf({ status, control, regions }: Scene): string[] {
  // In another PID namespace the server's number is another process's here.
  if (status === undefined || !regions.some(({ peers }) => peers !== undefined)) return [];
  const ofRegions = status.regions.flatMap(({ socket, hostSocket, vms }) => [
    socket,
    ...(hostSocket === undefined ? [] : [hostSocket]),
    ...vms.flatMap((vm) => vm.socket ?? []),
  ]);
  return control === '' ? ofRegions : [...ofRegions, control];
}

/** A server that lives, as its descriptors tell. */
interface LivingServer {
  readonly pid: number;
  readonly open: ReadonlySet<string>;
  readonly sockets: readonly BoundSocket[];
}

interface BoundSocket {
  readonly name: string;
  /** Undefined where the kernel does not tell. */
  readonly file: BoundFile | undefined;
}

function serverOf({ status }: Scene): LivingServer | undefined {
  const open = new Set(processDescriptors(status?.pid ?? 0)?.map(({ target }) => target));
  if (status === undefined || open.size === 0) return undefined;
  const { pid } = status;
  const sockets = unixListeners(pid)
    .filter(({ inode }) => open.has(`socket:[${inode}]`))
    .map((one) => ({
      name: path.basename(one.path),
      file: isInOurs(pid) ? boundFile(one.inode) : undefined,
    }));
  return { pid, open, sockets };
}

// The kernel tells of files in our own network namespace alone.
function isInOurs(pid: number): boolean {
  return readlinkSync(`/proc/${pid}/ns/net`) === readlinkSync('/proc/self/ns/net');
}

function lookAtSocket(file: string, server: LivingServer): Complaint[] {
  const seen = pathSeenBy(server.pid, file);
  if (isSocketAt(seen) === false) return [gone(file, server)];
  const status = statusOf(seen);
  if (status === undefined || !isAnothers(status, path.basename(file), server)) return [];
  return [taken(file, status, server)];
}

function lookAtLock(file: string, server: LivingServer): Complaint[] {
  const isUnlocked = server.open.has(
    `${realDirectory(file)}/${path.basename(file)}.lock (deleted)`,
  );
  return isUnlocked ? [unlocked(file, server)] : [];
}

function isAnothers(status: BigIntStats, name: string, { sockets }: LivingServer): boolean {
  if (sockets.some(({ file }) => isAt(file, status))) return false;
  return sockets.some((one) => one.name === name && one.file?.device === status.dev);
}

function isAt(file: BoundFile | undefined, { dev, ino }: BigIntStats): boolean {
  return file?.device === dev && file.inode === BigInt.asUintN(32, ino);
}

function statusOf(seen: string): BigIntStats | undefined {
  try {
    return statSync(seen, { bigint: true });
  } catch {
    return undefined;
  }
}

function realDirectory(file: string): string {
  try {
    return realpathSync(path.dirname(file));
  } catch {
    return path.dirname(file);
  }
}

// A start of the server alone would leave its VMs behind.
const WHEN_IT_SUITS =
  'restart the server when its VMs may be restarted, too; until then they go on with one another';

function gone(file: string, { pid }: LivingServer): Complaint {
  return {
    severity: 'error',
    subject: shown(file),
    message: `server ${pid} serves at it, and no socket is there: nobody can connect`,
    remedy: `move it back if it was moved; if not, ${WHEN_IT_SUITS}`,
  };
}

function taken(file: string, status: BigIntStats, { pid }: LivingServer): Complaint {
  const [other] = listenersAt(status);
  const whose = other === undefined ? 'another socket' : `a socket of process ${other}`;
  return {
    severity: 'error',
    subject: shown(file),
    message: `server ${pid} serves at it, and ${whose} is there: nobody who connects meets the server`,
    remedy: `stop who made that one; ${WHEN_IT_SUITS}`,
  };
}

function unlocked(file: string, { pid }: LivingServer): Complaint {
  return {
    severity: 'error',
    subject: shown(file),
    message: `its lock file was removed: another server can be started there, and takes it from server ${pid}`,
    remedy: `start none there; ${WHEN_IT_SUITS}`,
  };
}

function listenersAt(status: BigIntStats): number[] {
  const sockets = unixListeners('self').filter(({ inode }) => isAt(boundFile(inode), status));
  return new Holders().having(...sockets.map(({ inode }) => `socket:[${inode}]`));
}

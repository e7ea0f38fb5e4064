// QEMUs that a server has left behind: on the memory of a dead one, or on living memory without being a peer.
// Their doorbells to one another work; nobody who comes later will ever meet them.
//
// Rule 1: dead is what was looked for where it would be, and is not there. Where it might be hidden from us, that
//         is said instead.
// Rule 2: what somebody tells of a memory is no sight of it: any user may answer at a socket of his own, and name
//         the memory of others.
import { existsSync } from 'node:fs';
import { readProcFile } from '../../../../native/proc-file.js';
import { LOOK_AT_ALL, shown, type Check, type Complaint } from '../finding.js';
import { isSocketAt, regionOf } from '../leads-to.js';
import { isOwn, livingMemories } from '../living-memories.js';
import type { QemuProcess, SharedMemory } from '../qemu-process.js';
import type { Region } from '../regions.js';
import type { Scene } from '../scene.js';
import { isTrustedAt } from '../../held-socket.js';
import { claimsTo } from '../../served.js';

export const leftBehind: Check = {
  name: 'left-behind',
  about: 'each QEMU is on the memory of a living server, and a peer of it',
  scope: ({ qemus }) => ({
    count: qemus.filter(({ devices, memories }) => devices.length + memories.length > 0).length,
    of: ['QEMU', 'QEMUs'],
  }),
  look: (scene) => {
    const living = livingMemories(scene.qemus.flatMap(({ memories }) => memories));
    for (const { memory } of scene.regions.filter((region) => isBelieved(region, scene)))
      if (memory !== undefined) living.add(memory);
    const closed = scene.qemus.filter(({ isOpen }) => !isOpen);
    const unserved = unservedAmong(closed, scene);
    return scene.qemus.flatMap((qemu) =>
      qemu.isOpen ? lookAtMemories(qemu, living, scene) : lookAtSockets(qemu, unserved),
    );
  },
};

// The server of this scene is. Others are where theirs might be out of sight.
function isBelieved({ name, peersLeft }: Region, { mayLookAtAll }: Scene): boolean {
  return peersLeft !== undefined || (!mayLookAtAll && isTrustedAt(`${name}.host`));
}

const RESTART = 'restart this VM, so that it meets the others';
const SERVE_AND_RESTART = `have its region served again (start its server, or give the region back to the one that runs), then ${RESTART}`;

function lookAtMemories(qemu: QemuProcess, living: ReadonlySet<string>, scene: Scene): Complaint[] {
  const dead = qemu.memories.filter(({ key }) => !living.has(key));
  // A lab that is being taken down.
  if (!existsSync(`/proc/${qemu.pid}`)) return [];
  if (dead.length === 0) return lookAtPlace(qemu, scene);
  return dead.map((memory) => ofDead(qemu, memory, scene));
}

function ofDead(qemu: QemuProcess, memory: SharedMemory, scene: Scene): Complaint {
  const { subject } = qemu;
  if (!scene.mayLookAtAll && !(scene.seesAllProcesses && isOwn(memory))) {
    const [where, remedy] = scene.seesAllProcesses
      ? ['it may be a process that may not be looked at', LOOK_AT_ALL]
      : ['it may be outside of this container', 'run this as root on the host'];
    const message = `the server of its memory (${shown(memory.target)}) is not seen from here: ${where}`;
    return { severity: 'note', subject, message, remedy };
  }
  return {
    severity: 'error',
    subject,
    message: `it is on memory that no server has any more (${shown(memory.target)}), for its server died or has removed its region: peers that come now will not meet it`,
    remedy: isServedAgain(qemu, scene) ? RESTART : SERVE_AND_RESTART,
  };
}

// With another memory: a server that was started again, say.
function isServedAgain(qemu: QemuProcess, { regions }: Scene): boolean {
  const doorbells = qemu.devices.filter(({ kind }) => kind === 'doorbell');
  return (
    doorbells.length > 0 &&
    doorbells.every((device) => regionOf(qemu, device, regions) !== undefined)
  );
}

// The memory lives. A server that was started again has adopted it, and knows nothing of this QEMU.
function lookAtPlace(qemu: QemuProcess, { regions }: Scene): Complaint[] {
  const { pid, subject, devices, memories } = qemu;
  const isLost = devices.some((device) => {
    const region = regionOf(qemu, device, regions);
    // 0: a peer whose process the server cannot see, and which may be this one.
    if (region?.peers === undefined || region.memory === undefined) return false;
    const isThere = region.peers.some((peer) => peer.pid === pid || peer.pid === 0);
    return !isThere && memories.some(({ key }) => key === region.memory);
  });
  if (!isLost) return [];
  const message =
    'it has the memory of its region and is no peer: the server was started again, or has evicted it';
  return [{ severity: 'error', subject, message, remedy: RESTART }];
}

// What it has open is not for us to see; what is at the path of its socket everybody may see who has its file systems.
function lookAtSockets(
  { pid, subject, devices }: QemuProcess,
  unserved: ReadonlySet<string>,
): Complaint[] {
  const its = devices.flatMap(({ socket }) =>
    socket !== undefined && unserved.has(socket) ? [socket] : [],
  );
  if (its.length === 0) return [];
  const complaint = hasOurMounts(pid) ? ofUnserved : ofUnseen;
  return its.map((socket) => complaint(subject, socket));
}

function unservedAmong(qemus: readonly QemuProcess[], { seesAllProcesses }: Scene): Set<string> {
  if (!seesAllProcesses) return new Set();
  const named = qemus.flatMap(({ devices }) => devices.flatMap(({ socket }) => socket ?? []));
  const seen = [...new Set(named)].filter(
    (socket) => socket.startsWith('/') && isSocketAt(socket) !== undefined,
  );
  const unserved = [...claimsTo(seen)].filter(([, { isServed }]) => !isServed);
  return new Set(unserved.map(([socket]) => socket));
}

function ofUnserved(subject: string, socket: string): Complaint {
  return {
    severity: 'warning',
    subject,
    message: `nobody serves at ${shown(socket)} any more: its server died, or has removed its region`,
    remedy: SERVE_AND_RESTART,
  };
}

function ofUnseen(subject: string, socket: string): Complaint {
  return {
    severity: 'note',
    subject,
    message: `it has file systems of its own (a container): who serves there at ${shown(socket)} is not seen from here`,
    remedy: 'run this as root',
  };
}

// Mounts have numbers, and each namespace has its own. https://man7.org/linux/man-pages/man5/proc_pid_mountinfo.5.html
function hasOurMounts(pid: number): boolean {
  const its = readProcFile(`/proc/${pid}/mountinfo`);
  return its !== undefined && its === readProcFile('/proc/self/mountinfo');
}

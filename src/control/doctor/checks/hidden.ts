// What could not be looked at, said plainly: a doctor that saw half of the lab has not found it healthy.
import { shown, type Check, type Complaint } from '../finding.js';
import type { Scene } from '../scene.js';
import { claimTo } from '../served.js';

export const hidden: Check = {
  name: 'hidden',
  about: 'every QEMU with an ivshmem device, and every server, may be looked at',
  look: (scene) => [
    ...ofOtherUsers(scene),
    ...withManyMappings(scene),
    ...silentServers(scene),
    ...unasked(scene),
    ...outside(scene),
  ],
};

function unasked({ unasked: count }: Scene): Complaint[] {
  if (count === 0) return [];
  return [
    {
      severity: 'note',
      subject: count === 1 ? '1 socket' : `${count} sockets`,
      message: 'that QEMUs name are too many to be asked: nothing is known of their regions',
      remedy: 'name those that matter with --socket',
    },
  ];
}

function withManyMappings({ qemus }: Scene): Complaint[] {
  return qemus
    .filter(({ isOpen, hasAllMemories }) => isOpen && !hasAllMemories)
    .map(({ subject }) => ({
      severity: 'note',
      subject,
      message: 'it has too many mappings, or is too slow to tell them: its memory is not looked at',
      remedy: `see whether the server of its region is the one that it was started with`,
    }));
}

function ofOtherUsers({ qemus }: Scene): Complaint[] {
  const closed = qemus.filter(({ isOpen }) => !isOpen).length;
  if (closed === 0) return [];
  return [
    {
      severity: 'note',
      subject: closed === 1 ? '1 QEMU' : `${closed} QEMUs`,
      message: 'of other users: what they have open cannot be looked at',
      remedy: `run this as root to look at ${closed} more`,
    },
  ];
}

function silentServers({ sockets, regions }: Scene): Complaint[] {
  const known = new Set(regions.flatMap((region) => region.sockets));
  const silent = sockets.filter((socket) => !known.has(socket) && claimTo(socket).isServed);
  return silent.map((socket) => ({
    severity: 'note',
    subject: shown(socket),
    message: 'its server does not say what it serves: vectors are not compared',
    remedy: 'serve it by ivshmem serve, with --control or a socket for host commands',
  }));
}

function outside({ seesAllProcesses }: Scene): Complaint[] {
  if (seesAllProcesses) return [];
  return [
    {
      severity: 'note',
      subject: 'this container',
      message: 'what runs outside of it cannot be seen',
      remedy: 'run this on the host',
    },
  ];
}

// Sockets that somebody is meant to connect to, and may not.
//
// Rule 1: a socket that is for its owner alone is meant so. What is a fault: a mode that lets others in, in a
//         directory that does not; a QEMU that names a socket which is closed to its user.
import { realpathSync, statSync, type Stats } from 'node:fs';
import { shellPath, shown, type Check, type Complaint } from '../finding.js';
import { directoriesAbove, obstacle } from '../may-reach.js';
import type { QemuProcess } from '../qemu-process.js';
import type { Scene } from '../scene.js';
import { claimTo } from '../served.js';

export const permissions: Check = {
  name: 'permissions',
  about: 'whom a socket lets in may reach it, and so may each QEMU that names it',
  look: (scene) => {
    const served = scene.sockets.filter((socket) => isServedSocket(socket));
    return served.flatMap((socket) => [
      ...lookAtDirectories(socket),
      ...scene.qemus.flatMap((qemu) => lookAtQemu(qemu, socket, scene)),
    ]);
  },
};

function isServedSocket(socket: string): boolean {
  const { target, isServed } = claimTo(socket);
  return isServed && target?.isSocket() === true;
}

function lookAtDirectories(socket: string): Complaint[] {
  const target = realpathSync(socket);
  const { mode, gid } = statSync(target);
  const closed = directoriesAbove(target).find((directory) =>
    isClosedTo(statSync(directory), {
      letsGroup: (mode & 0o020) !== 0,
      letsAll: (mode & 0o002) !== 0,
      gid,
    }),
  );
  if (closed === undefined) return [];
  const whom = (mode & 0o002) !== 0 ? 'everybody' : `group ${gid}`;
  const bits = (mode & 0o002) !== 0 ? 'o+x' : 'g+x';
  const chgrp = bits === 'g+x' ? `chgrp ${gid} ${shellPath(closed)} && ` : '';
  return [
    {
      severity: 'warning',
      subject: shown(socket),
      message: `its mode lets ${whom} connect, and ${shown(closed)} does not let them in`,
      remedy: `${chgrp}chmod ${bits} ${shellPath(closed)}, or put the socket into another directory`,
    },
  ];
}

interface Admitted {
  readonly letsGroup: boolean;
  readonly letsAll: boolean;
  readonly gid: number;
}

function isClosedTo(directory: Stats, { letsGroup, letsAll, gid }: Admitted): boolean {
  if (letsAll) return (directory.mode & 0o001) === 0;
  if (!letsGroup) return false;
  return (directory.mode & (directory.gid === gid ? 0o010 : 0o001)) === 0;
}

function lookAtQemu(qemu: QemuProcess, socket: string, { regions }: Scene): Complaint[] {
  const { pid, subject, devices, credentials } = qemu;
  if (!devices.some((device) => device.socket === socket)) return [];
  const isAttached = regions.some(({ peers = [] }) => peers.some((peer) => peer.pid === pid));
  if (isAttached || qemu.memories.length > 0) return [];
  const closed = obstacle(credentials, socket);
  if (closed === undefined) return [];
  const { uid, gid } = credentials;
  return [
    {
      severity: 'error',
      subject,
      message: `user ${uid}, group ${gid} may not connect to ${shown(socket)}: ${shown(closed)} is closed to it`,
      remedy: `serve with --socket-mode 0660 --socket-group GROUP, a group of that user (id ${uid}), in a directory that it may enter`,
    },
  ];
}

// Sockets that somebody is meant to connect to, and may not.
//
// Rule 1: a socket that is for its owner alone is meant so. What is a fault: a mode that lets others in, in a
//         directory that lets in nobody; a QEMU that names a socket which is closed to its user.
// Rule 2: no directory is to be opened: it may be closed for what else is in it.
import { readFileSync, realpathSync, statSync, type Stats } from 'node:fs';
import { userIds } from '../../../../native/user.js';
import { shown, type Check, type Complaint } from '../finding.js';
import { directoriesAbove, obstacle } from '../may-reach.js';
import type { QemuProcess } from '../qemu-process.js';
import type { Scene } from '../scene.js';
import { claimsTo } from '../../served.js';

export const permissions: Check = {
  name: 'permissions',
  about: 'whom a socket lets in may reach it, and so may each QEMU that names it',
  scope: (scene) => ({
    count: servedIn(scene).length,
    of: ['socket that is served', 'sockets that are served'],
  }),
  look: (scene) => {
    return servedIn(scene).flatMap((socket) => [
      ...lookAtDirectories(socket),
      ...lookAtUsers(socket, USERS_OF_LIBVIRT),
      ...scene.qemus.flatMap((qemu) => lookAtQemu(qemu, socket, scene)),
    ]);
  },
};

function servedIn({ sockets }: Scene): string[] {
  const claims = [...claimsTo(sockets)];
  return claims.flatMap(([socket, { target, isServed }]) =>
    isServed && target?.isSocket() === true ? [socket] : [],
  );
}

// As whom libvirt runs QEMU (Debian; Fedora and others). A QEMU that may not connect exits at once: it is never seen.
const USERS_OF_LIBVIRT = ['libvirt-qemu', 'qemu'];

/** Who of these users may not connect; one that this system does not have is passed over. */
export function lookAtUsers(socket: string, names: readonly string[]): Complaint[] {
  return names.flatMap((name): Complaint[] => {
    const ids = userIds(name);
    if (ids === undefined) return [];
    const closed = obstacle({ ...ids, groups: groupsOf(name) }, socket);
    if (closed === undefined) return [];
    return [
      {
        severity: 'note',
        subject: shown(socket),
        message: `a QEMU of user ${name} may not connect: ${shown(closed)} is closed to it`,
        remedy: `if it is to: serve with --socket-mode 0660 --socket-group GROUP, a group of ${name}`,
      },
    ];
  });
}

// https://man7.org/linux/man-pages/man5/group.5.html
function groupsOf(user: string): number[] {
  const lines = readFileSync('/etc/group', 'utf8')
    .split('\n')
    .map((line) => line.split(':'));
  return lines
    .filter(([, , , members = '']) => members.split(',').includes(user))
    .map(([, , gid]) => Number(gid));
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
  return [
    {
      severity: 'warning',
      subject: shown(socket),
      message: `its mode lets ${whom} connect, and ${shown(closed)} lets nobody in but its owner`,
      remedy: 'serve it in a directory that they may enter, as /run/ivshmem',
    },
  ];
}

interface Admitted {
  readonly letsGroup: boolean;
  readonly letsAll: boolean;
  readonly gid: number;
}

// Whom another group has among its members we do not know: that directory may be the gate, on purpose.
function isClosedTo(directory: Stats, { letsGroup, letsAll, gid }: Admitted): boolean {
  if (!letsAll && !letsGroup) return false;
  const isItsOwn = !letsAll && directory.gid === gid;
  return (directory.mode & (isItsOwn ? 0o010 : 0o011)) === 0;
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

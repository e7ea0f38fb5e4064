// Which path of a configuration belongs to whom: sockets and memories, of all regions.
//
// Rule 1: one owner for each, however it is written: symbolic links on the way are followed.
import { realpathSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { MAX_SOCKET_PATH_BYTES } from '../../../native/unix-socket.js';
import { defaultHostSocket, fitsSocket } from '../host-socket.js';
import type { NamedOptions } from './read-region.js';
import type { Path } from './document.js';
import type { Report } from './report.js';

interface Claim {
  readonly file: string;
  /** `the socket of region lab` */
  readonly what: string;
  readonly path: Path;
  /** Where what it was made of stands: whatever is wrong there is wrong here. */
  readonly follows?: Path | undefined;
}

/** Notes paths that are too long for a socket, and those that belong to somebody already. */
export function checkPaths(
  regions: readonly NamedOptions[],
  report: Report,
  control?: string,
): void {
  const owners = new Map<string, Claim>();
  const claims = regions.flatMap((region) => {
    const sockets = socketsOf(region);
    for (const { file, path } of sockets) checkLength(file, path, report);
    return [...sockets, ...memoriesOf(region)];
  });
  if (control !== undefined) {
    checkLength(control, ['control'], report);
    claims.unshift({ file: control, what: 'the control socket', path: ['control'] });
  }
  for (const claim of [...claims, ...claims.map(lockOf)]) {
    // Of a path that is empty the server has more to say.
    if (claim.file === '' || report.has(claim.path) || (claim.follows && report.has(claim.follows)))
      continue;
    const file = canonical(claim.file);
    const owner = owners.get(file);
    if (owner === undefined) owners.set(file, claim);
    else report.add(claim.path, taken(claim.file, owner, report.lineOf(owner.path)));
  }
}

// A server has a lock file beside each of them.
function lockOf({ file, what, path, follows }: Claim): Claim {
  return {
    file: file === '' ? '' : `${file}.lock`,
    what: `the lock file of ${what}`,
    path,
    follows,
  };
}

function taken(file: string, { what }: Claim, line: number): string {
  return `${file} is already ${what} (line ${line}); allowed: a path of its own`;
}

function socketsOf({ name, socket, hostSocket, vms = [] }: NamedOptions): Claim[] {
  const path = ['regions', name];
  const claims: Claim[] = [
    { file: socket, what: `the socket of region ${name}`, path: [...path, 'socket'] },
  ];
  if (hostSocket !== undefined) {
    claims.push({
      file: hostSocket,
      what: `the socket for host commands of region ${name}`,
      path: [...path, 'host-socket'],
      follows: hostSocket === defaultHostSocket(socket) ? [...path, 'socket'] : undefined,
    });
  }
  for (const { name: vm, socket: file } of vms) {
    const what = `the socket of VM ${vm} of region ${name}`;
    if (file !== undefined) claims.push({ file, what, path: [...path, 'vms', vm, 'socket'] });
  }
  return claims;
}

function checkLength(file: string, path: Path, report: Report): void {
  if (fitsSocket(file)) return;
  const length = `${file} has ${Buffer.byteLength(file)} bytes`;
  report.add(path, `${length}; allowed: 1–${MAX_SOCKET_PATH_BYTES} for a socket`);
}

function memoriesOf({ name, shmName, memPath }: NamedOptions): Claim[] {
  const what = `the memory of region ${name}`;
  if (shmName !== undefined) {
    const file = `/dev/shm/${shmName.replace(/^\//, '')}`;
    return [{ file, what, path: ['regions', name, 'shm-name'] }];
  }
  // In a directory each region has an unnamed file of its own.
  if (memPath === undefined || isDirectory(memPath)) return [];
  return [{ file: memPath, what, path: ['regions', name, 'mem-path'] }];
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory();
  } catch {
    return false;
  }
}

// What is not there yet has no real path, but the directory that it will be in may.
function canonical(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return dirname(path) === path ? path : join(canonical(dirname(path)), basename(path));
  }
}

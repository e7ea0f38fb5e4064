// What dead servers left: sockets, lock files, memory that has a name.
//
// Rule 1: nothing here removes anything. A new server replaces what is in its way by itself.
import { readdirSync } from 'node:fs';
import path from 'node:path';
import { shellPath, shown, type Check, type Complaint } from '../finding.js';
import type { Scene } from '../scene.js';
import { claimTo } from '../served.js';

export const staleFiles: Check = {
  name: 'stale-files',
  about: 'no dead server has left a socket, a lock file or memory',
  look: (scene) => [
    ...distinctPaths(scene).flatMap(lookAtSocket),
    ...namesIn(scene.memoryDirectory, /^(.+)\.lock$/).flatMap(lookAtMemory),
  ],
};

// Those that are known, and those that are called as ours are by default.
function distinctPaths({ sockets, directories }: Scene): string[] {
  const known = sockets.flatMap((socket) => [socket, `${socket}.host`]);
  const found = directories.flatMap((directory) => {
    const form = path.basename(directory) === 'ivshmem' ? /^(.+\.sock(?:\.host)?)(\.lock)?$/ : OURS;
    return namesIn(directory, form);
  });
  return [...new Set([...known, ...found])];
}

const OURS = /^(ivshmem.*\.sock(?:\.host)?)(\.lock)?$/;

function namesIn(directory: string, form: RegExp): string[] {
  try {
    const names = readdirSync(directory).flatMap((name) => form.exec(name)?.[1] ?? []);
    return [...new Set(names)].map((name) => path.join(directory, name));
  } catch {
    return []; // it is not there, or not for us
  }
}

function lookAtSocket(socket: string): Complaint[] {
  const { target, lock, isServed } = claimTo(socket);
  if (isServed) return [];
  const subject = shown(socket);
  const files = [
    ...(target?.isSocket() ? [socket] : []),
    ...(lock === undefined ? [] : [`${socket}.lock`]),
  ];
  if (files.length === 0) return [];
  const message = target?.isSocket()
    ? 'nobody serves at this socket: its server died'
    : 'the lock file beside it is of a server that died';
  const remedy = `start its server again, which replaces it, or: rm ${files.map(shellPath).join(' ')}`;
  return [{ severity: 'warning', subject, message, remedy }];
}

function lookAtMemory(file: string): Complaint[] {
  const { target, lock, isServed } = claimTo(file);
  if (isServed || lock === undefined) return [];
  const subject = shown(file);
  if (target === undefined) {
    const message = 'the lock file beside it is of a server that died';
    return [{ severity: 'warning', subject, message, remedy: `rm ${shellPath(`${file}.lock`)}` }];
  }
  return [
    {
      severity: 'warning',
      subject,
      message: 'it is the memory of a server that died',
      remedy: `start its server again, which adopts it, or when no VM needs it: rm ${shellPath(file)} ${shellPath(`${file}.lock`)}`,
    },
  ];
}

// What dead servers left: sockets, lock files, memory that has a name.
//
// Rule 1: nothing here removes anything. A new server replaces what is in its way by itself.
// Rule 2: to remove is said of nothing that somebody may still have: who has what is read here, after the files.
// Rule 3: where everybody may make files, a stranger may have made thousands: those of each user come in turn, and
//         what is left out is counted.
import { lstatSync, readdirSync, type BigIntStats } from 'node:fs';
import path from 'node:path';
import { shellPath, shown, type Check, type Complaint } from '../finding.js';
import { Holders } from '../holders.js';
import { inTurn } from '../in-turn.js';
import { keyOf } from '../qemu-process.js';
import type { Scene } from '../scene.js';
import { claimsTo, type Claim } from '../../served.js';

export const staleFiles: Check = {
  name: 'stale-files',
  about: 'no dead server has left a socket, a lock file or memory',
  look: (scene) => [
    ...[...claimsTo(distinctPaths(scene))].flatMap(([socket, claim]) =>
      lookAtSocket(socket, claim),
    ),
    ...lookAtMemories(scene),
  ],
};

// Those that are known, and those that are called as ours are by default.
function distinctPaths({ sockets, control, directories }: Scene): string[] {
  const ofVms = sockets.flatMap((socket) => [socket, `${socket}.host`]);
  const known = control === '' ? ofVms : [...ofVms, control];
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

function lookAtSocket(socket: string, { target, lock, isServed }: Claim): Complaint[] {
  if (isServed) return [];
  const subject = shown(socket);
  const files = [
    ...(target?.isSocket() ? [socket] : []),
    ...(lock === undefined ? [] : [`${socket}.lock`]),
  ];
  if (files.length === 0) return [];
  const died = target?.isSocket()
    ? 'nobody serves at this socket: its server died'
    : 'the lock file beside it is of a server that died';
  // A server of ours has one. Another's may be where we cannot see who listens.
  if (lock === undefined) {
    const message = 'nobody who can be seen from here serves at this socket';
    const remedy =
      'see whether its server runs elsewhere (a container); a new server takes its place';
    return [{ severity: 'warning', subject, message, remedy }];
  }
  const remedy = `start its server again, which replaces it, or: rm ${files.map(shellPath).join(' ')}`;
  return [{ severity: 'warning', subject, message: died, remedy }];
}

function lookAtMemories(scene: Scene): Complaint[] {
  const files = inTurn(namesIn(scene.memoryDirectory, /^(.+)\.lock$/), ownerOfLock);
  const claims = claimsTo(files.slice(0, MOST_LOCKS));
  const holders = new Holders();
  return [
    ...[...claims].flatMap(([file, claim]) => {
      if (claim.isServed || claim.lock === undefined) return [];
      return lookAtMemory(file, claim.target, holders, scene);
    }),
    ...leftOut(files.length - claims.size, scene),
  ];
}

const MOST_LOCKS = 256;

function ownerOfLock(file: string): number | undefined {
  return lstatSync(`${file}.lock`, { throwIfNoEntry: false })?.uid;
}

function leftOut(count: number, { memoryDirectory }: Scene): Complaint[] {
  if (count === 0) return [];
  return [
    {
      severity: 'note',
      subject: shown(memoryDirectory),
      message: `${count} more lock files are there, too many to be looked at`,
      remedy: 'see who makes them (ls -l), and look again when there are fewer',
    },
  ];
}

// Any program may have a file, and an empty lock file beside it.
function lookAtMemory(
  file: string,
  target: BigIntStats | undefined,
  all: Holders,
  { qemus, mayLookAtAll }: Scene,
): Complaint[] {
  const subject = shown(file);
  const keys = target === undefined ? [] : [keyOf(target)];
  const holders = all.using(file, `${file}.lock`, ...keys);
  if (target === undefined) {
    if (holders.length > 0) return [];
    const message = 'the lock file beside it is of a server that died';
    return [{ severity: 'warning', subject, message, remedy: `rm ${shellPath(`${file}.lock`)}` }];
  }
  if (!mayBeMemory(target)) return [];
  const restart = 'start its server again, which adopts it';
  if (holders.length > 0) {
    if (!holders.some((holder) => qemus.some(({ pid }) => pid === holder))) return [];
    const message = `it is the memory of a server that died, and ${holders.length} still have it`;
    return [{ severity: 'warning', subject, message, remedy: restart }];
  }
  const isSure = mayLookAtAll && !all.hasPassedOver;
  const remove = `or when no VM needs it: rm ${shellPath(file)} ${shellPath(`${file}.lock`)}`;
  return [
    {
      severity: 'warning',
      subject,
      message: 'nobody has it open, and the lock file beside it: memory of a server that died',
      remedy: isSure ? `${restart}, ${remove}` : `${restart}; ${IS_UNSURE}`,
    },
  ];
}

const IS_UNSURE =
  'whether it is used is not known: a process may not be looked at (run this as root on the host, with CAP_SYS_PTRACE), has too many mappings, or is too slow to tell them';

// https://www.qemu.org/docs/master/specs/ivshmem-spec.html: its size is a power of two.
function mayBeMemory(target: BigIntStats): boolean {
  const { size } = target;
  return target.isFile() && size >= 4096n && (size & (size - 1n)) === 0n;
}

// One region as the file has it, as the options of a server.
//
// Rule 1: only the form is judged here; what the options may be together is `check-region.ts`'s business.
// Rule 2: a path in the file begins at the file's directory: a daemon has no working directory to speak of.
import { resolve } from 'node:path';
import type { AccessRule, HugePageBytes, ServerOptions, VmOptions } from '../../server/options.js';
import { fileMode, sizeBytes } from '../flags.js';
import { defaultHostSocket, fitsSocket } from '../host-socket.js';
import type { RawRegion, RawRule, RawVm } from './raw-config.js';
import type { Report } from './report.js';

/** The options of a region that has a name. */
export type NamedOptions = ServerOptions & { readonly name: string };

/** What is the same for all regions of a file. */
export interface Surroundings {
  /** The file's directory. */
  readonly directory: string;
  readonly report: Report;
}

type Take = <Key extends keyof RawRegion, Value>(
  key: Key,
  read: (value: NonNullable<RawRegion[Key]>) => Value,
) => Value | undefined;

/** The region's options; those that cannot be read are noted and left out. */
export function readRegion(name: string, raw: RawRegion, around: Surroundings): NamedOptions {
  const path = (text: string): string => inDirectory(around.directory, text);
  const take: Take = (key, read) => {
    const value = raw[key];
    if (value === undefined) return undefined;
    return around.report.attempt(['regions', name, key], () => read(value));
  };
  // Where there is none, that is noted; what else is wrong is looked for all the same.
  const socket = take('socket', path) ?? '/';
  return {
    name,
    socket,
    hostSocket: hostSocketOf(
      socket,
      take('host-socket', (text) => text && path(text)),
    ),
    socketMode: take('socket-mode', (text) => fileMode('socketMode', text)),
    socketGroup: take('socket-group', String),
    ...memoryOf(raw, take, path),
    vectors: raw.vectors,
    maxPeers: raw['max-peers'],
    maxPeersPerUser: raw['max-peers-per-user'],
    allowExcessVectors: raw['allow-excess-vectors'],
    access: raw.access?.map(accessRule),
    vms: raw.vms && Object.entries(raw.vms).map(([vm, rest]) => vmOptions(vm, rest, path)),
  };
}

function memoryOf(
  raw: RawRegion,
  take: Take,
  path: (text: string) => string,
): Omit<ServerOptions, 'socket' | 'name'> {
  return {
    size: take('size', (size) => (typeof size === 'number' ? size : sizeBytes('size', size))),
    label: raw.label,
    shmName: raw['shm-name'],
    memPath: take('mem-path', path),
    memMode: take('mem-mode', (text) => fileMode('memMode', text)),
    memGroup: take('mem-group', String),
    hugePageBytes: take('hugepages', (text) => sizeBytes('hugepages', text) as HugePageBytes),
  };
}

function inDirectory(directory: string, text: string): string {
  return text === '' ? text : resolve(directory, text);
}

function hostSocketOf(socket: string, given: string | false | undefined): string | undefined {
  if (given !== undefined) return given === false ? undefined : given;
  const hostSocket = defaultHostSocket(socket);
  return fitsSocket(hostSocket) ? hostSocket : undefined;
}

function accessRule({ user, group, unit }: RawRule): AccessRule {
  return { user: account(user), group: account(group), unit };
}

function vmOptions(name: string, raw: RawVm, path: (text: string) => string): VmOptions {
  const { id, socket, user, unit } = raw;
  return {
    name,
    id,
    socket: socket === undefined ? undefined : path(socket),
    user: account(user),
    qemuName: raw['qemu-name'],
    unit,
  };
}

// A number in quotes is a number, too: no user has one for a name.
function account(given: string | number | undefined): string | number | undefined {
  return typeof given === 'string' && /^\d+$/.test(given) ? Number(given) : given;
}

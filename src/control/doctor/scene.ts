// What the doctor looks at: this machine, and the lab on it, as they were when it came.
//
// Rule 1: QEMUs first, then the server: who is seen to have a memory before the server is asked has joined
//         by then.
// Rule 2: to look changes nothing: nobody is signalled, no lock is taken, no socket of VMs connected to.
import { existsSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { ControlError } from '../control-error.js';
import { absenceOf, type Absence } from './absence.js';
import type { ServerStatus } from '../status.js';
import { isSocketAt } from './leads-to.js';
import { runningQemus, type QemuProcess } from './qemu-process.js';
import { regionBehind, regionsOfStatus, type Region } from './regions.js';

/** Asks a server; rejects where none answers, as ControlClient does. */
export type AskStatus = () => Promise<ServerStatus>;

/** Where to look. */
export interface SceneOptions {
  /** Paths of sockets of VMs. */
  readonly sockets: readonly string[];
  /** Those of them that somebody named, where something ought to be. Default: none. */
  readonly named?: readonly string[];
  /** The control socket of a server. Default: there is none. */
  readonly askStatus?: AskStatus;
  /** Its path. Default: none. */
  readonly control?: string;
  /** Whether a server ought to answer there. Default: false. */
  readonly isServerExpected?: boolean;
  /** Where servers put their sockets when they are not told. Default: /run, /run/ivshmem, $XDG_RUNTIME_DIR. */
  readonly directories?: readonly string[];
  /** Where shared memory has its names. Default: /dev/shm. */
  readonly memoryDirectory?: string;
  /** Default: $PATH, and /usr/libexec. */
  readonly programPath?: readonly string[];
}

/** What is there. */
export interface Scene extends Required<SceneOptions> {
  /** Those with an ivshmem device, as far as can be seen. */
  readonly qemus: readonly QemuProcess[];
  /** Undefined: no server has answered. */
  readonly status: ServerStatus | undefined;
  /** Why none has. */
  readonly absence: Absence | undefined;
  readonly regions: readonly Region[];
  /** How many sockets there were too many to look at, or to ask at. */
  readonly unasked: number;
  /** Whether every process of this machine is seen, and not only those of a container. */
  readonly seesAllProcesses: boolean;
}

// A stranger's command lines may name thousands.
const MOST_ASKED = 64;
const MOST_OF_QEMUS = 256;
const INITIAL_PID_NAMESPACE = 'pid:[4026531836]'; // PROC_PID_INIT_INO

/** Looks around. */
export async function readScene(options: SceneOptions): Promise<Scene> {
  const { askStatus = askNobody } = options;
  const all = runningQemus();
  const { status, absence } = await statusOrAbsence(askStatus);
  const told = status === undefined ? [] : regionsOfStatus(status);
  const attached = new Set(told.flatMap(({ peers = [] }) => peers.map(({ pid }) => pid)));
  const qemus = all.filter(
    ({ pid, devices, memories, hasOptionFile }) =>
      devices.length > 0 || memories.length > 0 || hasOptionFile || attached.has(pid),
  );
  const sockets = socketsOf(options.sockets, qemus, told);
  const looked = sockets.slice(
    0,
    options.sockets.length + told.flatMap((one) => one.sockets).length + MOST_OF_QEMUS,
  );
  const known = new Set(told.flatMap((one) => one.sockets));
  const unknown = looked.filter((one) => !known.has(one) && isSocketAt(`${one}.host`) !== false);
  const asked = await Promise.all(unknown.slice(0, MOST_ASKED).map(regionBehind));
  return {
    directories: defaultDirectories(),
    memoryDirectory: '/dev/shm',
    named: [],
    control: '',
    isServerExpected: false,
    programPath: [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/libexec'],
    ...options,
    askStatus,
    sockets: looked,
    unasked: sockets.length - looked.length + Math.max(0, unknown.length - MOST_ASKED),
    qemus,
    status,
    absence,
    regions: [...told, ...asked.filter((region) => region !== undefined)],
    seesAllProcesses: readlinkSync('/proc/self/ns/pid') === INITIAL_PID_NAMESPACE,
  };
}

function askNobody(): Promise<ServerStatus> {
  return Promise.reject(new ControlError('ERR_IVSHMEM_NO_ANSWER', 'none was asked'));
}

/** What a server says, or why there is nothing that it says. */
export async function statusOrAbsence(
  askStatus: AskStatus,
): Promise<Pick<Scene, 'status' | 'absence'>> {
  try {
    return { status: await askStatus(), absence: undefined };
  } catch (error) {
    const absence = absenceOf(error);
    if (absence === undefined) throw error;
    return { status: undefined, absence };
  }
}

// Those that were named, and those that are in use: of each user's QEMUs the first ones before the second ones of
// another's, or somebody with hundreds would hide all that are not his.
function socketsOf(
  named: readonly string[],
  qemus: readonly QemuProcess[],
  regions: readonly Region[],
): string[] {
  const ofRegions = regions.flatMap(({ sockets }) => sockets);
  const known = [...named.map((socket) => path.resolve(socket)), ...ofRegions];
  const ofUsers = new Map<number, Set<string>>();
  for (const { credentials, devices } of qemus) {
    const its = ofUsers.get(credentials.uid) ?? new Set();
    ofUsers.set(credentials.uid, its);
    for (const { socket } of devices) if (socket && isThere(socket)) its.add(socket);
  }
  const inTurn = [...ofUsers.values()].flatMap((its) =>
    [...its].map((socket, place) => ({ socket, place })),
  );
  inTurn.sort((a, b) => a.place - b.place);
  return [...new Set([...known, ...inTurn.map(({ socket }) => socket)])];
}

// A socket, what a dead server left beside it, or what cannot be seen.
function isThere(socket: string): boolean {
  if (!path.isAbsolute(socket)) return false;
  return isSocketAt(socket) !== false || existsSync(`${socket}.lock`);
}

function defaultDirectories(): string[] {
  const { XDG_RUNTIME_DIR } = process.env;
  const session = XDG_RUNTIME_DIR ? [XDG_RUNTIME_DIR] : [];
  return ['/run', '/run/ivshmem', ...session];
}

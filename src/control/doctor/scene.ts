// What the doctor looks at: this machine, and the lab on it, as they were when it came.
//
// Rule 1: QEMUs first, then the server: who is seen to have a memory before the server is asked has joined
//         by then.
// Rule 2: to look changes nothing: nobody is signalled, no lock is taken, no socket of VMs connected to, and nobody
//         started (running.ts).
import path from 'node:path';
import { ControlError } from '../control-error.js';
import { absenceOf, type Absence } from '../absence.js';
import { isTrustedAt } from '../held-socket.js';
import type { ServerStatus } from '../status.js';
import { Holders } from './holders.js';
import { mayLookAtAll, seesAllProcesses } from './may-look.js';
import { runningQemus, type QemuProcess } from './qemu-process.js';
import { listenersOf, mayAsk } from './running.js';
import { claimTo } from '../served.js';
import { regionsOfStatus, type Region } from './regions.js';
import { askedRegions, socketsOf } from './sockets.js';

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
  /** Whether what each of them has may be looked at, too. */
  readonly mayLookAtAll: boolean;
}

/** Looks around. */
export async function readScene(options: SceneOptions): Promise<Scene> {
  const { askStatus = askNobody, control = '' } = options;
  const all = runningQemus();
  const claim = claimTo(control);
  const holders = new Holders();
  // A stranger's is not connected to, which is said.
  const isAsked = control === '' || !isTrustedAt(control) || mayAsk(claim, holders);
  const { status, absence } = isAsked
    ? await statusOrAbsence(askStatus)
    : notRunning(control, listenersOf(claim, holders));
  const told = status === undefined ? [] : regionsOfStatus(status);
  const attached = new Set(told.flatMap(({ peers = [] }) => peers.map(({ pid }) => pid)));
  const qemus = all.filter(
    ({ pid, devices, memories, hasOptionFile }) =>
      devices.length > 0 || memories.length > 0 || hasOptionFile || attached.has(pid),
  );
  const { sockets, left } = socketsOf(options.sockets, qemus, told);
  const { regions, unasked } = await askedRegions(sockets, told, holders);
  return {
    directories: defaultDirectories(),
    memoryDirectory: '/dev/shm',
    named: [],
    programPath: [...(process.env['PATH'] ?? '').split(path.delimiter), '/usr/libexec'],
    ...options,
    askStatus,
    control,
    // One that is to be started by who comes need not answer.
    isServerExpected: isAsked && options.isServerExpected === true,
    sockets,
    unasked: left + unasked,
    qemus,
    status,
    absence,
    regions: [...told, ...regions],
    seesAllProcesses: seesAllProcesses(),
    mayLookAtAll: mayLookAtAll(),
  };
}

function notRunning(control: string, listeners: string): Pick<Scene, 'status' | 'absence'> {
  const message = `${control}: ${listeners} listens, is not seen to be a server, and may start one for who connects`;
  const remedy = 'start the server first, or run this as root, where its processes are seen';
  return { status: undefined, absence: { message, remedy } };
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

function defaultDirectories(): string[] {
  const { XDG_RUNTIME_DIR } = process.env;
  const session = XDG_RUNTIME_DIR ? [XDG_RUNTIME_DIR] : [];
  return ['/run', '/run/ivshmem', ...session];
}

// What an attached QEMU cannot take, seen before a join does it harm.
//
// A QEMU that runs out of descriptors takes a connect for a disconnect, and aborts on the next one.
// A QEMU with more vectors than the region aborts under KVM when its guest uses one.
//
// Rule 1: only processes that are QEMUs and that we may look at are guarded; what cannot be seen
//         (another user, another PID namespace, gone) is no reason to refuse.
// Rule 2: a join must stay cheap: a name is read once per join. Limit and open descriptors are looked at
//         again when the last look is old, or when half of the limit may be used.
import { readlinkSync, statSync } from 'node:fs';
import path from 'node:path';
import { descriptorCount, descriptorLimit } from '../../native/descriptor-limit.js';
import { readProcFile } from '../../native/proc-file.js';
import type { PeerCredentials } from '../../native/unix-socket.js';
import { argvOf, doorbellOnCommandLine, isQemuName } from '../qemu/command-line.js';
import type { Connection } from './connection.js';
import { patience } from './patience.js';
import { refusal, type Refusal } from './refusal.js';

// What a QEMU may open on its own account between our look and the arrival of what we send.
const RESERVE = 16;
const LOOK_IS_GOOD_MS = 1_000;
// No longer: a process may connect, and become a QEMU by exec, which takes ten times as long to connect.
const JOIN_TAKES_MS = 5;

/** How many descriptors a connection will still bring its process: in its socket and in the log. */
export type DescriptorsDue = (connection: Connection) => number;

interface QemuProcess {
  readonly pid: number;
  /** As of the last look: an operator may raise it, and anybody with the right may lower it. */
  limit: number;
  readonly connections: Set<Connection>;
  /** Open at the last look, plus all that was due then or has become due since. */
  expected: number;
  lookedAtMs: number;
}

interface Look {
  readonly pid: number;
  readonly isQemu: boolean;
  /** Undefined for what is none, and for one that we may not look at. */
  readonly qemu: QemuProcess | undefined;
  readonly atMs: number;
}

/** Watches over the QEMUs of one region. */
export class QemuGuard {
  readonly #due: DescriptorsDue;
  readonly #vectors: number;
  readonly #qemus = new Map<number, QemuProcess>();
  #recent: Look = { pid: 0, isQemu: false, qemu: undefined, atMs: 0 };

  constructor(vectors: number, due: DescriptorsDue) {
    this.#vectors = vectors;
    this.#due = due;
  }

  /**
   * Whether a newcomer harms no QEMU: its own process, which will be told of `newcomerDue` descriptors,
   * and each attached one, unless it takes a slot that they know. A refusal otherwise.
   */
  check(pid: number, newcomerDue: number, { isJoin = true } = {}): Refusal | undefined {
    const newcomer = this.#qemus.get(pid) ?? this.#look(pid).qemu;
    if (newcomer !== undefined) {
      const more = isJoin ? this.#joinOf(newcomer) : 0;
      const refused = this.#checkRoom(newcomer, newcomerDue + more);
      if (refused) return refused;
    }
    if (!isJoin) return undefined;
    for (const qemu of this.#qemus.values()) {
      if (qemu === newcomer) continue;
      const refused = this.#checkRoom(qemu, this.#joinOf(qemu));
      if (refused) return refused;
    }
    return undefined;
  }

  /** Whether the newcomer's only device has more vectors than the region, without doubt. */
  checkVectors(
    { pid, uid }: Pick<PeerCredentials, 'pid' | 'uid'>,
    socket: string,
  ): Refusal | undefined {
    // A second connection of one process is a second device or a hot-plugged one: doubt.
    if (this.#qemus.has(pid) || !this.#look(pid).isQemu) return undefined;
    const device = doorbellOnCommandLine(patience.look(uid, () => commandLine(pid)) ?? []);
    if (device === undefined || device.vectors <= this.#vectors) return undefined;
    if (!isSocketOf(pid, device.socket, socket)) return undefined;
    const { vectors } = device;
    return refusal(
      'vectors',
      `QEMU ${pid} has vectors=${vectors}, the region ${this.#vectors}: under KVM it aborts when its guest uses the missing ones`,
      `start QEMU with vectors=${this.#vectors}, or the server with --vectors ${vectors}, or allow it with --allow-excess-vectors`,
    );
  }

  /** There is one more join, which all that are attached will be told. */
  countJoin(): void {
    for (const qemu of this.#qemus.values()) qemu.expected += this.#joinOf(qemu);
  }

  /** A newcomer is there; what it will be told is counted. */
  add(connection: Connection): void {
    const { pid } = connection.credentials;
    const qemu = this.#qemus.get(pid) ?? this.#look(pid).qemu;
    if (qemu === undefined) return;
    qemu.connections.add(connection);
    qemu.expected += this.#due(connection);
    this.#qemus.set(pid, qemu);
  }

  remove(connection: Connection): void {
    const { pid } = connection.credentials;
    const qemu = this.#qemus.get(pid);
    qemu?.connections.delete(connection);
    if (qemu?.connections.size === 0) this.#qemus.delete(pid);
  }

  // A join asks three times.
  #look(pid: number): Look {
    const now = performance.now();
    if (this.#recent.pid !== pid || now - this.#recent.atMs > JOIN_TAKES_MS)
      this.#recent = lookAt(pid, now);
    return this.#recent;
  }

  // What one more join brings to a process: to each of its devices, all vectors.
  #joinOf(qemu: QemuProcess): number {
    return qemu.connections.size * this.#vectors;
  }

  #checkRoom(qemu: QemuProcess, more: number): Refusal | undefined {
    const isOld = performance.now() - qemu.lookedAtMs > LOOK_IS_GOOD_MS;
    if (!isOld && qemu.expected + more <= qemu.limit / 2) return undefined;
    const open = descriptorCount(qemu.pid);
    if (open === undefined) return undefined;
    let due = 0;
    for (const connection of qemu.connections) due += this.#due(connection);
    qemu.limit = descriptorLimit(qemu.pid) ?? qemu.limit;
    qemu.expected = open + due;
    qemu.lookedAtMs = performance.now();
    if (qemu.expected + more + RESERVE <= qemu.limit) return undefined;
    return refusal(
      'qemu-descriptors',
      `QEMU ${qemu.pid} may have ${qemu.limit} descriptors, has ${open}, is still to get ${due}, and needs ${more} for this join: without them it aborts`,
      `raise its limit (prlimit --pid ${qemu.pid} --nofile=65536) or that of its unit (LimitNOFILE=)`,
    );
  }
}

/** All that is looked at of a QEMU, of this process and a command line instead: for the rehearsal. */
export function lookAtOneself(): void {
  const { pid } = process;
  const itsSocket = 'socket,path=/s,id=c';
  const itsDevice = 'ivshmem-doorbell,chardev=c,vectors=1';
  doorbellOnCommandLine([...commandLine(pid), '-chardev', itsSocket, '-device', itsDevice]);
  lookAt(pid, performance.now());
  isSocketOf(pid, '/', '/');
  descriptorLimit(pid);
  descriptorCount(pid);
}

function lookAt(pid: number, now: number): Look {
  const look = { pid, isQemu: isQemu(pid), qemu: undefined, atMs: now };
  const limit = look.isQemu ? descriptorLimit(pid) : undefined;
  const open = limit === undefined ? undefined : descriptorCount(pid);
  if (limit === undefined || open === undefined) return look;
  const connections = new Set<Connection>();
  return { ...look, qemu: { pid, limit, connections, expected: open, lookedAtMs: now } };
}

function isQemu(pid: number): boolean {
  if (pid === 0) return false;
  try {
    // After an upgrade the file of a running program is "… (deleted)".
    const program = readlinkSync(`/proc/${pid}/exe`).replace(/ \(deleted\)$/, '');
    return isQemuName(path.basename(program));
  } catch {
    return false;
  }
}

function commandLine(pid: number): string[] {
  return argvOf(readProcFile(`/proc/${pid}/cmdline`));
}

// Whether the path, in the process's own working directory and file system, is our socket.
function isSocketOf(pid: number, itsPath: string, socket: string): boolean {
  try {
    const base = path.isAbsolute(itsPath) ? 'root' : 'cwd';
    const its = statSync(`/proc/${pid}/${base}/${itsPath}`);
    const ours = statSync(socket);
    return its.ino === ours.ino && its.dev === ours.dev;
  } catch {
    return false;
  }
}

// What a server is asked for: checked whole before anything is touched.
//
// Rule 1: every default and every range of an option stands here.
import path from 'node:path';
import type { Fd } from '../../native/fd.js';
import { pageSize } from '../../native/memory.js';
import { labelFault } from '../protocol/memory-header.js';
import { MAX_PEER_ID, MAX_VECTORS } from '../protocol/wire.js';
import { resolveAccess } from './access.js';
import { OptionsError } from './error.js';
import type { IdentityRule } from './identity.js';
import { resolveVms, type NamedVm } from './named-vm.js';
import { formatSize, isValidSize, MAX_SIZE_BYTES, nearestSizes } from './size.js';

const HUGE_PAGE_BYTES = [2_097_152, 1_073_741_824] as const;

/** Sizes of huge pages that can be asked for, in bytes. */
export type HugePageBytes = (typeof HUGE_PAGE_BYTES)[number];

/** Who may join: all that is given has to be true of it. Names, or numbers as they are. */
export interface AccessRule {
  readonly user?: string | number | undefined;
  /** Its own group, or one of its supplementary ones. */
  readonly group?: string | number | undefined;
  /** Name of its systemd unit, or of a slice that it is in; `*` stands for any characters. */
  readonly unit?: string | undefined;
}

/** A VM that has a name. What else is given but `id` and `socket` is how it is known. */
export interface VmOptions {
  readonly name: string;
  /** Its peer ID. Default: one that is free. */
  readonly id?: number | undefined;
  /** Path of a socket of its own. */
  readonly socket?: string | undefined;
  readonly user?: string | number | undefined;
  /** What its QEMU has as `-name`. */
  readonly qemuName?: string | undefined;
  readonly unit?: string | undefined;
}

/** What `Server.listen` takes. Sizes are bytes; modes are file modes as for chmod(2). */
export interface ServerOptions {
  /** What the region is called where there are several. */
  readonly name?: string | undefined;
  /** Path of the UNIX socket: 1–107 bytes. */
  readonly socket: string;
  /**
   * Path of a second socket, whose connections share a few slots: for host commands that come and go.
   * It has the mode and group of the first. Default: none.
   */
  readonly hostSocket?: string | undefined;
  /** Mode of the socket, 0–0o777. Default 0o600: only the own user's QEMUs connect. */
  readonly socketMode?: number | undefined;
  /** Group of the socket, by name or number. Default: the process's. */
  readonly socketGroup?: string | undefined;
  /** Size of the memory in bytes: a power of two, at least a page. Default 4 MiB. */
  readonly size?: number | undefined;
  /** Doorbells per peer, 1–2048. Default 1. No QEMU should have more than the region. */
  readonly vectors?: number | undefined;
  /**
   * A new memory begins with a header that tells this label, 1–63 bytes of UTF-8 that can be printed; one
   * that is there has to have it. Default: not one byte of the memory is touched.
   */
  readonly label?: string | undefined;
  /** The memory is this POSIX shared memory object instead of a sealed memfd; kept at the end. */
  readonly shmName?: string | undefined;
  /** The memory is this file, or an unnamed file in this directory, instead of a sealed memfd. */
  readonly memPath?: string | undefined;
  /** Mode of a memory that is made by name or path. Default 0o600. */
  readonly memMode?: number | undefined;
  /** Group of a memory that is made by name or path. Default: the process's. */
  readonly memGroup?: string | undefined;
  /** The memfd is on huge pages of this size. */
  readonly hugePageBytes?: HugePageBytes | undefined;
  /** Peers at a time, 1–65536, without host commands and VMs that have a name. Default: what the limit of descriptors admits. */
  readonly maxPeers?: number | undefined;
  /** Remove the memory's name at the end. Default false: VMs without us may live on it. */
  readonly unlinkMemory?: boolean | undefined;
  /** Take a QEMU with more vectors than the region (under KVM it aborts when it uses one). Default false. */
  readonly allowExcessVectors?: boolean | undefined;
  /** Who may join: whom one of these fits; nobody, where there is none. Default: whoever can connect. */
  readonly access?: readonly AccessRule[] | undefined;
  /**
   * Peers of one user at a time, 1–65536, and as many of its host commands. Default: no limit but that of
   * all.
   */
  readonly maxPeersPerUser?: number | undefined;
  /** VMs that have a name: each has a slot, which is kept for it. */
  readonly vms?: readonly VmOptions[] | undefined;
  /**
   * Sockets that listen already, by their path as it stands in these options. They stay the caller's, who
   * closes them after the server: mode, group, path and queue are nothing that the server changes.
   */
  readonly inherited?: ReadonlyMap<string, Fd> | undefined;
  /** Ends a start: while memory is allocated, it rejects with the signal's reason, and leaves nothing behind. */
  readonly signal?: AbortSignal | undefined;
}

/** Options with their defaults. */
export type CheckedOptions = ServerOptions & {
  readonly socketMode: number;
  readonly size: number;
  readonly vectors: number;
  readonly memMode: number;
  /** `access`, with numbers for names. */
  readonly accessRules: readonly IdentityRule[] | undefined;
  /** `vms`, with numbers for names of users. */
  readonly namedVms: readonly NamedVm[];
};

const DEFAULT_SIZE_BYTES = 4 * 1024 ** 2;
const DEFAULT_MODE = 0o600;

/** Fills in defaults; throws OptionsError for the first thing that cannot be. */
export function checkOptions(options: ServerOptions): CheckedOptions {
  const checked = {
    ...options,
    socketMode: options.socketMode ?? DEFAULT_MODE,
    size: options.size ?? DEFAULT_SIZE_BYTES,
    vectors: options.vectors ?? 1,
    memMode: options.memMode ?? DEFAULT_MODE,
    accessRules: options.access === undefined ? undefined : resolveAccess(options.access),
  };
  checkInteger('vectors', checked.vectors, 1, MAX_VECTORS);
  checkInteger('socketMode', checked.socketMode, 0, 0o777);
  checkInteger('memMode', checked.memMode, 0, 0o777);
  for (const option of ['maxPeers', 'maxPeersPerUser'] as const)
    checkInteger(option, options[option] ?? 1, 1, MAX_PEER_ID + 1);
  checkHugePageBytes(options.hugePageBytes);
  checkSize(checked.size, Math.max(pageSize(), options.hugePageBytes ?? 0));
  checkLabel(options.label);
  checkMemory(options);
  checkSocket('socket', options.socket);
  checkHostSocket(options);
  return { ...checked, namedVms: resolveVms(options) };
}

function checkInteger(option: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  const show = option.endsWith('Mode') ? octal : String;
  throw new OptionsError(option, `${show(value)} is not in ${show(least)}–${show(most)}`);
}

function octal(value: number): string {
  return value === 0 ? '0' : `0${value.toString(8)}`;
}

function checkSize(sizeBytes: number, pageBytes: number): void {
  if (isValidSize(sizeBytes, pageBytes)) return;
  if (typeof sizeBytes !== 'number' || Number.isNaN(sizeBytes)) {
    throw new OptionsError('size', `${String(sizeBytes)} is not a number of bytes`);
  }
  const nearest = nearestSizes(sizeBytes, pageBytes).map(formatSize).join(' and ');
  throw new OptionsError(
    'size',
    `${formatSize(sizeBytes)} is not a power of two in ${formatSize(pageBytes)}–${formatSize(MAX_SIZE_BYTES)} ` +
      `(QEMU aborts on others); nearest: ${nearest}`,
  );
}

function checkHugePageBytes(bytes: number | undefined): void {
  if (bytes === undefined || HUGE_PAGE_BYTES.some((known) => known === bytes)) return;
  throw new OptionsError('hugePageBytes', `${bytes} is not ${HUGE_PAGE_BYTES.join(' or ')}`);
}

function checkLabel(label: string | undefined): void {
  if (label === undefined) return;
  const fault = typeof label === 'string' ? labelFault(label) : 'it is no text';
  if (fault !== undefined) throw new OptionsError('label', `this is no label: ${fault}`);
}

function checkMemory({ shmName, memPath, memMode, memGroup, hugePageBytes }: ServerOptions): void {
  if (shmName === undefined && memPath === undefined && (memMode ?? memGroup) !== undefined) {
    throw new OptionsError(
      memMode === undefined ? 'memGroup' : 'memMode',
      'only a memory with a name or path has a mode and a group: a memfd is for who may connect',
    );
  }
  const given = [shmName, memPath, hugePageBytes].filter((value) => value !== undefined);
  if (given.length > 1) {
    const option = memPath === undefined ? 'shmName' : 'memPath';
    throw new OptionsError(
      option,
      'a region has one memory: a POSIX name, a path or a memfd on huge pages, not several ' +
        '(for a file on huge pages, a path on hugetlbfs)',
    );
  }
  if (shmName !== undefined && !/^\/?(?!\.{1,2}$)[^/\0]{1,250}$/.test(shmName)) {
    throw new OptionsError(
      'shmName',
      `'${shmName}' is no name: 1–250 bytes without a slash inside`,
    );
  }
  if (memPath === '') throw new OptionsError('memPath', 'the path is empty');
}

function checkSocket(option: string, path: string): void {
  if (typeof path !== 'string' || path === '' || path.includes('\0'))
    throw new OptionsError(option, 'a path of 1–107 bytes without a NUL is needed');
}

function checkHostSocket({ socket, hostSocket }: ServerOptions): void {
  if (hostSocket === undefined) return;
  checkSocket('hostSocket', hostSocket);
  if (path.resolve(hostSocket) !== path.resolve(socket)) return;
  throw new OptionsError('hostSocket', 'it is the socket of the VMs: host commands need another');
}

// Limits of descriptors: of a server that is started here, of the one that runs, of each QEMU.
//
// Rule 1: a QEMU without descriptors aborts, so the server refuses whoever would bring it there: the figures
//         are those that the server goes by (server/qemu-guard.ts).
import {
  descriptorCount,
  descriptorLimits,
  ownDescriptorLimit,
  type DescriptorLimits,
} from '../../../../native/descriptor-limit.js';
import { DESCRIPTOR_RESERVE } from '../../../server/descriptor-budget.js';
import type { Check, Complaint } from '../finding.js';
import { regionOf } from '../leads-to.js';
import type { QemuProcess } from '../qemu-process.js';
import type { Region } from '../regions.js';
import type { Scene } from '../scene.js';

const USUAL_LEAST = 1_024;
const FEW_JOINS = 4;
// What one with a few disks and networks has without any peer, and some to spare.
const LEAST_OF_QEMU = 128;
const PLENTY = 65_536;

export const descriptors: Check = {
  name: 'descriptors',
  about: 'this shell, the server and each QEMU may open what the next peers need',
  scope: ({ qemus, status }) => ({
    count: qemus.length + (status === undefined ? 0 : 1),
    of: ['QEMU or server', 'QEMUs and servers'],
  }),
  look: (scene) => [
    ...ofThisShell(scene.regions),
    ...ofServer(scene),
    ...scene.qemus.flatMap((qemu) => ofQemu(qemu, scene.regions)),
  ],
};

// What is started here has the hard limit where it raises its own to that, as a server does. QEMU does not. Nor can
// we see the soft one in ourselves: Node has raised it, and whoever has started us has not.
function ofThisShell(regions: readonly Region[]): Complaint[] {
  const hard = ownDescriptorLimit();
  const subject = 'this shell';
  if (hard < USUAL_LEAST) {
    const message = `a server or QEMU that is started here may open no more than ${hard} files`;
    const remedy = 'raise the hard limit (ulimit -Hn, LimitNOFILE=, limits.conf)';
    return [{ severity: 'warning', subject, message, remedy }];
  }
  const soft = descriptorLimits(process.ppid)?.soft ?? hard;
  const needed = Math.max(LEAST_OF_QEMU, ...regions.map(neededIn));
  if (soft >= Math.min(needed, hard)) return [];
  return [
    {
      severity: 'warning',
      subject,
      message: `a QEMU that is started here may open no more than ${soft} files (the soft limit), and may need ${needed}`,
      remedy: `ulimit -Sn ${Math.min(hard, Math.max(needed, 4 * USUAL_LEAST))}, before it is started`,
    },
  ];
}

// Of a QEMU: its own, and a doorbell for each vector of each peer that is there or may come soon.
function neededIn({ vectors, peers = [] }: Region): number {
  return LEAST_OF_QEMU + vectors * (peers.length + FEW_JOINS);
}

function ofServer({ status, regions }: Scene): Complaint[] {
  if (status === undefined) return [];
  const { used, limit } = status.descriptors;
  const own = regions.filter(({ peersLeft }) => peersLeft !== undefined);
  const most = Math.max(0, ...own.map(({ vectors }) => vectors));
  const wanted = wantedIn(own);
  // In another PID namespace its number is another's.
  const isSeen = own.some(({ peers }) => peers !== undefined);
  const limits = isSeen ? descriptorLimits(status.pid) : undefined;
  const needed = used + DESCRIPTOR_RESERVE + wanted * (most + 1);
  return complain({
    subject: `server ${status.pid}`,
    joins: Math.floor((limit - used - DESCRIPTOR_RESERVE) / (most + 1)),
    wanted,
    has: `it may have ${limit} descriptors and has ${used}`,
    remedy: limits === undefined ? LASTING : raise(status.pid, limits, needed),
  });
}

function ofQemu(qemu: QemuProcess, regions: readonly Region[]): Complaint[] {
  const { pid, subject } = qemu;
  const [limits, open] = [descriptorLimits(pid), descriptorCount(pid)];
  const connections = connectionsOf(qemu, regions);
  if (limits === undefined || open === undefined || connections.length === 0) return [];
  const { soft: limit } = limits;
  const due = connections.reduce((sum, { unread }) => sum + unread, 0);
  const vectors = connections.reduce((sum, connection) => sum + connection.vectors, 0);
  const wanted = wantedIn(connections.flatMap(({ region }) => region ?? []));
  return complain({
    subject,
    joins: Math.floor((limit - open - due - DESCRIPTOR_RESERVE) / vectors),
    wanted,
    has: `it may have ${limit} descriptors (its soft limit), has ${open}, and is still to get ${due}`,
    remedy: raise(pid, limits, open + due + DESCRIPTOR_RESERVE + wanted * vectors),
  });
}

const LASTING = 'LimitNOFILE= in its unit';

// Up to its hard limit its own user may raise it, and nobody has to be started again.
function raise(pid: number, { hard }: DescriptorLimits, needed: number): string {
  const wanted = Math.max(PLENTY, needed);
  const isEnough = hard >= needed;
  const command = `prlimit --pid ${pid} --nofile=${isEnough ? `${Math.min(hard, wanted)}:` : wanted}`;
  return `${isEnough ? '' : 'as root: '}${command}; for the next time, ${LASTING}`;
}

// What a join brings a QEMU, and what it has not read.
interface Connection {
  readonly vectors: number;
  readonly unread: number;
  readonly region: Region | undefined;
}

function connectionsOf(qemu: QemuProcess, regions: readonly Region[]): Connection[] {
  const connections = regions.flatMap((region) =>
    (region.peers ?? [])
      .filter(({ pid }) => pid === qemu.pid)
      .map(({ unread }) => ({ vectors: region.vectors, unread, region })),
  );
  if (connections.length > 0) return connections;
  return qemu.devices.flatMap((device) => {
    const region = regionOf(qemu, device, regions);
    const vectors = region?.vectors ?? device.vectors;
    if (device.kind !== 'doorbell' || vectors === undefined) return [];
    return [{ vectors, unread: 0, region }];
  });
}

// More than a few are not asked for, nor more than are let in. Where that is not known: a few.
function wantedIn(regions: readonly Region[]): number {
  const left = regions.map(({ peersLeft = FEW_JOINS }) => peersLeft);
  return left.length === 0 ? FEW_JOINS : Math.min(FEW_JOINS, Math.max(...left));
}

interface Room {
  readonly subject: string;
  /** Peers that can still come. */
  readonly joins: number;
  /** How many there should be room for. */
  readonly wanted: number;
  readonly has: string;
  readonly remedy: string;
}

function complain({ subject, joins, wanted, has, remedy }: Room): Complaint[] {
  if (joins >= wanted) return [];
  if (joins > 0) {
    const message = `${has}: room for ${joins} more ${joins === 1 ? 'peer' : 'peers'}`;
    return [{ severity: 'warning', subject, message, remedy }];
  }
  return [{ severity: 'error', subject, message: `${has}: the next peer is refused`, remedy }];
}

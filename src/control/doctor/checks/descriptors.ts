// Limits of descriptors: of a server that is started here, of the one that runs, of each QEMU.
//
// Rule 1: a QEMU without descriptors aborts, so the server refuses whoever would bring it there: the figures
//         are those that the server goes by (server/qemu-guard.ts).
import {
  descriptorCount,
  descriptorLimit,
  ownDescriptorLimit,
} from '../../../../native/descriptor-limit.js';
import { DESCRIPTOR_RESERVE } from '../../../server/admission-check.js';
import type { Check, Complaint } from '../finding.js';
import { regionOf } from '../leads-to.js';
import type { QemuProcess } from '../qemu-process.js';
import type { Region } from '../regions.js';
import type { Scene } from '../scene.js';

const USUAL_LEAST = 1_024;
const FEW_JOINS = 4;

export const descriptors: Check = {
  name: 'descriptors',
  about: 'the server and each QEMU may open what the next peers need',
  look: (scene) => [
    ...ofThisShell(),
    ...ofServer(scene),
    ...scene.qemus.flatMap((qemu) => ofQemu(qemu, scene.regions)),
  ],
};

function ofThisShell(): Complaint[] {
  const limit = ownDescriptorLimit();
  if (limit >= USUAL_LEAST) return [];
  return [
    {
      severity: 'warning',
      subject: 'this shell',
      message: `a server or QEMU that is started here may open no more than ${limit} files`,
      remedy: 'raise the hard limit (ulimit -Hn, LimitNOFILE=, limits.conf)',
    },
  ];
}

function ofServer({ status, regions }: Scene): Complaint[] {
  if (status === undefined) return [];
  const { used, limit } = status.descriptors;
  const own = regions.filter(({ peersLeft }) => peersLeft !== undefined);
  const most = Math.max(0, ...own.map(({ vectors }) => vectors));
  return complain({
    subject: `server ${status.pid}`,
    joins: Math.floor((limit - used - DESCRIPTOR_RESERVE) / (most + 1)),
    wanted: wantedIn(own),
    has: `it may have ${limit} descriptors and has ${used}`,
    remedy: `raise its limit (LimitNOFILE= in its unit, ulimit -n), and start it again`,
  });
}

function ofQemu(qemu: QemuProcess, regions: readonly Region[]): Complaint[] {
  const { pid, subject } = qemu;
  const [limit, open] = [descriptorLimit(pid), descriptorCount(pid)];
  const connections = connectionsOf(qemu, regions);
  if (limit === undefined || open === undefined || connections.length === 0) return [];
  const due = connections.reduce((sum, { unread }) => sum + unread, 0);
  const vectors = connections.reduce((sum, connection) => sum + connection.vectors, 0);
  return complain({
    subject,
    joins: Math.floor((limit - open - due - DESCRIPTOR_RESERVE) / vectors),
    wanted: wantedIn(connections.flatMap(({ region }) => region ?? [])),
    has: `it may have ${limit} descriptors, has ${open}, and is still to get ${due}`,
    remedy: `prlimit --pid ${pid} --nofile=65536, and LimitNOFILE= in its unit`,
  });
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

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

function ofServer({ status }: Scene): Complaint[] {
  if (status === undefined) return [];
  const { used, limit } = status.descriptors;
  const joins = status.regions.map(({ vectors }) =>
    Math.floor((limit - used - DESCRIPTOR_RESERVE) / (vectors + 1)),
  );
  return complain({
    subject: `server ${status.pid}`,
    joins: Math.max(0, Math.min(...joins)),
    has: `it may have ${limit} descriptors and has ${used}`,
    remedy: `raise its limit (LimitNOFILE= in its unit, ulimit -n), and start it again`,
  });
}

function ofQemu(qemu: QemuProcess, regions: readonly Region[]): Complaint[] {
  const { pid, subject } = qemu;
  const [limit, open] = [descriptorLimit(pid), descriptorCount(pid)];
  const devices = devicesOf(qemu, regions);
  if (limit === undefined || open === undefined || devices.length === 0) return [];
  const due = devices.reduce((sum, { unread }) => sum + unread, 0);
  const vectors = devices.reduce((sum, device) => sum + device.vectors, 0);
  return complain({
    subject,
    joins: Math.max(0, Math.floor((limit - open - due - DESCRIPTOR_RESERVE) / vectors)),
    has: `it may have ${limit} descriptors, has ${open}, and is still to get ${due}`,
    remedy: `prlimit --pid ${pid} --nofile=65536, and LimitNOFILE= in its unit`,
  });
}

// What each of its connections brings it: vectors with a join, and what it has not read.
function devicesOf(
  qemu: QemuProcess,
  regions: readonly Region[],
): { vectors: number; unread: number }[] {
  const connections = regions.flatMap(({ vectors, peers = [] }) =>
    peers.filter(({ pid }) => pid === qemu.pid).map(({ unread }) => ({ vectors, unread })),
  );
  if (connections.length > 0) return connections;
  return qemu.devices.flatMap((device) => {
    const vectors = regionOf(qemu, device, regions)?.vectors ?? device.vectors;
    return device.kind === 'doorbell' && vectors !== undefined ? [{ vectors, unread: 0 }] : [];
  });
}

interface Room {
  readonly subject: string;
  /** Peers that can still come. */
  readonly joins: number;
  readonly has: string;
  readonly remedy: string;
}

function complain({ subject, joins, has, remedy }: Room): Complaint[] {
  if (joins >= FEW_JOINS) return [];
  if (joins > 0) {
    const message = `${has}: room for ${joins} more ${joins === 1 ? 'peer' : 'peers'}`;
    return [{ severity: 'warning', subject, message, remedy }];
  }
  return [{ severity: 'error', subject, message: `${has}: the next peer is refused`, remedy }];
}

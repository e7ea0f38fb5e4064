// Whether each attached QEMU has exactly the doorbells that it was told of: the kernel's numbers for them, from
// the server on one side and from /proc/PID/fdinfo on the other.
//
// Rule 1: a process that has not read all, or is to be told more, may lack some and keep others: it is left
//         alone. Host processes are, too: they close what they do not need.
// Rule 2: a QEMU has many eventfds of its own. One is left over from a peer that is gone only if two QEMUs have it,
//         its server does not, and neither has to do with any other server.
// Rule 3: one look is no proof: between server and process somebody may come or go. See checks/doorbells.ts.
import { processEventfds } from '../../../native/process-descriptors.js';
import type { PeerStatus, ServerStatus } from '../status.js';
import { regionOf } from './leads-to.js';
import type { QemuProcess } from './qemu-process.js';
import { regionsOfStatus, type Region } from './regions.js';

/** A doorbell that is not where it should be, or where it should not be. */
export interface Misplaced {
  readonly kind: 'missing' | 'left over';
  readonly qemu: QemuProcess;
  /** The kernel's number. */
  readonly eventfdId: number;
  /** Whose it is, of one that is missing. */
  readonly of?: { readonly region: string; readonly peer: number; readonly vector: number };
}

/** All that are, by one look. */
export function misplacedDoorbells(
  status: ServerStatus,
  qemus: readonly QemuProcess[],
): Misplaced[] {
  const regions = regionsOfStatus(status);
  const holders = qemus.flatMap((qemu) => {
    const held = processEventfds(qemu.pid);
    const places = regions.flatMap((region) => placesOf(qemu, region));
    return held === undefined || places.length === 0 ? [] : [{ qemu, held, places }];
  });
  const settled = holders.filter(({ places }) => places.every(({ peer }) => isSettled(peer)));
  return [...settled.flatMap(missing), ...leftOver(status, settled)];
}

interface Place {
  readonly region: Region;
  readonly peer: PeerStatus;
}

interface Holder {
  readonly qemu: QemuProcess;
  readonly held: ReadonlySet<number>;
  readonly places: readonly Place[];
}

function placesOf(qemu: QemuProcess, region: Region): Place[] {
  const { peers = [] } = region;
  return peers.filter(({ pid }) => pid === qemu.pid).map((peer) => ({ region, peer }));
}

function isSettled({ unread, isBehind }: PeerStatus): boolean {
  return unread === 0 && !isBehind;
}

function missing({ qemu, held, places }: Holder): Misplaced[] {
  return places.flatMap(({ region, peer }) => {
    const own = peer.doorbells.filter(({ eventfdId }) => held.has(eventfdId)).length;
    const vectors = vectorsOf(qemu, region) ?? own;
    const { name, peers = [] } = region;
    return peers.flatMap(({ id, doorbells }) =>
      doorbells.slice(0, vectors).flatMap(({ eventfdId }, vector) => {
        if (held.has(eventfdId)) return [];
        const of = { region: name, peer: id, vector };
        return [{ kind: 'missing', qemu, eventfdId, of } as const];
      }),
    );
  });
}

// QEMU closes what is above the number of vectors of its device. Undefined: its command line does not say.
function vectorsOf(qemu: QemuProcess, region: Region): number | undefined {
  const told = qemu.devices
    .filter((device) => regionOf(qemu, device, [region]) !== undefined)
    .map(({ vectors }) => vectors);
  const known = told.filter((vectors) => vectors !== undefined);
  return known.length === 0 || known.length < told.length ? undefined : Math.max(...known);
}

function leftOver(status: ServerStatus, holders: readonly Holder[]): Misplaced[] {
  const ofServer = processEventfds(status.pid);
  if (ofServer === undefined || !isServer(status, ofServer)) return [];
  const alone = holders.filter((holder) => isOfThisServer(holder));
  const counts = new Map<number, number>();
  for (const { held } of alone) for (const id of held) counts.set(id, (counts.get(id) ?? 0) + 1);
  return alone.flatMap(({ qemu, held }) =>
    [...held]
      .filter((id) => (counts.get(id) ?? 0) > 1 && !ofServer.has(id))
      .map((eventfdId) => ({ kind: 'left over', qemu, eventfdId })),
  );
}

// It is if it has what it says that it has.
function isServer({ regions }: ServerStatus, held: ReadonlySet<number>): boolean {
  const doorbells = regions.flatMap(({ peers }) => peers.flatMap((peer) => peer.doorbells));
  return doorbells.some(({ eventfdId }) => held.has(eventfdId));
}

function isOfThisServer({ qemu, places }: Holder): boolean {
  const memories = new Set(places.map(({ region }) => region.memory));
  const doorbellDevices = qemu.devices.filter(({ kind }) => kind === 'doorbell').length;
  return doorbellDevices <= places.length && qemu.memories.every(({ key }) => memories.has(key));
}

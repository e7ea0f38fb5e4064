// The audit of doorbells: what an attached QEMU lacks of those that it was told of, and has of peers that are gone.
//
// Rule 1: what is wrong is wrong twice, a moment apart: somebody who comes or goes while we look is no fault.
import { setTimeout as sleep } from 'node:timers/promises';
import type { PeerStatus, ServerStatus } from '../../status.js';
import { readProcFile } from '../../../../native/proc-file.js';
import { processDescriptors } from '../../../../native/process-descriptors.js';
import { misplacedDoorbells, type Misplaced } from '../doorbell-audit.js';
import { LOOK_AT_ALL, shown, type Check, type Complaint } from '../finding.js';
import type { QemuProcess } from '../qemu-process.js';
import { statusOrAbsence, type Scene } from '../scene.js';

const MOMENT_MS = 200;
const MOST_NAMED = 3;

export const doorbells: Check = {
  name: 'doorbells',
  about: 'each attached QEMU has exactly the doorbells that it was told of',
  scope: (scene) => ({ count: attachedIn(scene).length, of: ['attached QEMU', 'attached QEMUs'] }),
  look: async (scene) => {
    if (scene.status === undefined) return [noServer(scene)];
    if (!isSeenHere(scene)) return [elsewhere(scene.status)];
    return [...notRead(scene), ...(await misplaced(scene.status, scene))];
  },
};

async function misplaced(first: ServerStatus, scene: Scene): Promise<Complaint[]> {
  const before = look(first, scene);
  if (before.size === 0) return [];
  await sleep(MOMENT_MS);
  const { status } = await statusOrAbsence(scene.askStatus);
  if (status === undefined) return [];
  const again = look(status, scene);
  return complaints([...before].filter(([key]) => again.has(key)).map(([, found]) => found));
}

interface Attached {
  readonly qemu: QemuProcess;
  readonly peer: PeerStatus;
}

function attachedIn({ qemus, regions }: Scene): Attached[] {
  const byPid = new Map(qemus.map((qemu) => [qemu.pid, qemu]));
  return regions.flatMap(({ peers = [] }) =>
    peers.flatMap((peer) => {
      const qemu = byPid.get(peer.pid);
      return qemu === undefined ? [] : [{ qemu, peer }];
    }),
  );
}

// What it will make of them is not known yet. That it had time and has not read is a fault of its own.
function notRead(scene: Scene): Complaint[] {
  return attachedIn(scene).flatMap(({ qemu, peer }): Complaint[] => {
    const { unread, isBehind, isBlocked } = peer;
    if (unread === 0 && !isBehind) return [];
    return [
      {
        severity: isBlocked ? 'warning' : 'note',
        subject: qemu.subject,
        message: `it has not read ${unread} ${unread === 1 ? 'message' : 'messages'} of its server${isBlocked ? ': it is stopped, or hangs' : ''}; its doorbells are not looked at`,
        remedy: isBlocked
          ? `let it go on (the monitor's cont does not help a stopped process: kill -CONT ${qemu.pid}), or restart this VM`
          : 'look again in a moment',
      },
    ];
  });
}

function isSeenHere({ status, regions }: Scene): boolean {
  return status?.regions.length === 0 || regions.some(({ peers }) => peers !== undefined);
}

// The process of that number is another one, or may not be looked at.
function elsewhere({ pid }: ServerStatus): Complaint {
  const subject = 'server';
  const isIvshmem = readProcFile(`/proc/${pid}/cmdline`)?.includes('ivshmem') ?? false;
  if (isIvshmem && processDescriptors(pid) === undefined) {
    const message = `this may not look at what process ${pid} has open: its peers are not known here`;
    return { severity: 'note', subject, message, remedy: LOOK_AT_ALL };
  }
  return {
    severity: 'note',
    subject,
    message: 'it runs in another PID namespace: which process is which peer is not known here',
    remedy: 'run this where the server runs, as in the same container',
  };
}

function noServer({ absence, isServerExpected }: Scene): Complaint {
  const { message = '', remedy = '', isChoice = false } = absence ?? {};
  const why = isChoice ? shown(message) : `none answers on a control socket (${shown(message)})`;
  return {
    severity: isServerExpected ? 'error' : 'note',
    subject: 'server',
    message: `${why}: peers and doorbells are not looked at`,
    remedy,
  };
}

function look(status: ServerStatus, { qemus }: Scene): Map<string, Misplaced> {
  const found = misplacedDoorbells(status, qemus);
  return new Map(found.map((one) => [`${one.kind} ${one.qemu.pid} ${one.eventfdId}`, one]));
}

function complaints(found: readonly Misplaced[]): Complaint[] {
  return [...new Set(found.map(({ qemu }) => qemu))].flatMap((qemu) => {
    const its = found.filter((one) => one.qemu === qemu);
    const missing = its.filter(({ kind }) => kind === 'missing');
    const leftOver = its.length - missing.length;
    const { subject } = qemu;
    return [
      ...(missing.length === 0
        ? []
        : [
            {
              severity: 'error',
              subject,
              message: `it lacks ${count(missing.length)}: ${listOf(missing)}; what its guest rings there does not arrive`,
              remedy: 'restart this VM, with room for more descriptors (LimitNOFILE=, ulimit -n)',
            } as const,
          ]),
      ...(leftOver === 0
        ? []
        : [
            {
              severity: 'warning',
              subject,
              message: `it still has ${count(leftOver)} of peers that are gone`,
              remedy: 'restart this VM when that suits; its descriptors may run out',
            } as const,
          ]),
    ];
  });
}

function count(doorbells: number): string {
  return doorbells === 1 ? '1 doorbell' : `${doorbells} doorbells`;
}

function listOf(missing: readonly Misplaced[]): string {
  const named = missing.flatMap(({ of }) =>
    of === undefined ? [] : `vector ${of.vector} of peer ${of.peer} in ${shown(of.region)}`,
  );
  const more = named.length - MOST_NAMED;
  return [...named.slice(0, MOST_NAMED), ...(more > 0 ? [`and ${more} more`] : [])].join(', ');
}

// The audit of doorbells: what an attached QEMU lacks of those that it was told of, and has of peers that are gone.
//
// Rule 1: what is wrong is wrong twice, a moment apart: somebody who comes or goes while we look is no fault.
import { setTimeout as sleep } from 'node:timers/promises';
import type { ServerStatus } from '../../status.js';
import { misplacedDoorbells, type Misplaced } from '../doorbell-audit.js';
import { shown, type Check, type Complaint } from '../finding.js';
import { statusOrAbsence, type Scene } from '../scene.js';

const MOMENT_MS = 200;
const MOST_NAMED = 3;

const ELSEWHERE: Complaint = {
  severity: 'note',
  subject: 'server',
  message: 'it runs in another PID namespace: which process is which peer is not known here',
  remedy: 'run this where the server runs, as in the same container',
};

export const doorbells: Check = {
  name: 'doorbells',
  about: 'each attached QEMU has exactly the doorbells that it was told of',
  look: async (scene) => {
    if (scene.status === undefined) return [noServer(scene)];
    if (!isSeenHere(scene)) return [ELSEWHERE];
    const first = look(scene.status, scene);
    if (first.size === 0) return [];
    await sleep(MOMENT_MS);
    const { status } = await statusOrAbsence(scene.askStatus);
    if (status === undefined) return [];
    const again = look(status, scene);
    return complaints([...first].filter(([key]) => again.has(key)).map(([, found]) => found));
  },
};

function isSeenHere({ status, regions }: Scene): boolean {
  return status?.regions.length === 0 || regions.some(({ peers }) => peers !== undefined);
}

function noServer({ absence }: Scene): Complaint {
  return {
    severity: 'note',
    subject: 'server',
    message: `none answers on a control socket (${shown(absence)}): peers and doorbells are not looked at`,
    remedy: 'start it with --control PATH, or name that path with --control',
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

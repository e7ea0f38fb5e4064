// The doctor's look at one lab, in a test beside which other tests have labs of their own.
//
// Rule 1: places where servers leave things are the test's own; of QEMUs, which run all over the machine, those are
//   left that are named or attached to the server that is asked, and of sockets those that are named or theirs.
import { readProcFile } from '../../native/proc-file.js';
import { isQemu } from '../../src/control/doctor/qemu-process.js';
import { readScene, type Scene, type SceneOptions } from '../../src/control/doctor/scene.js';
import type { Check, Complaint } from '../../src/control/doctor/finding.js';
import { argvOf } from '../../src/qemu/command-line.js';
import { hasEnded } from './look.js';
import { until } from './until.js';

/** What is there; nothing but QEMUs unless told otherwise. */
export function sceneOf(options: Partial<SceneOptions> = {}): Promise<Scene> {
  const nowhere = { directories: [], memoryDirectory: '/nowhere', programPath: [] };
  return readScene({ sockets: [], ...nowhere, ...options });
}

/** What a check finds. */
export async function found(
  check: Check,
  options: Partial<SceneOptions> = {},
): Promise<readonly Complaint[]> {
  return check.look(await ownSceneOf(options));
}

/** What a check finds of one QEMU, which may have been started just now, or be gone. */
export async function foundOf(
  { pid }: { readonly pid: number },
  check: Check,
  options: Partial<SceneOptions> = {},
): Promise<readonly Complaint[]> {
  // Until then it is the program that starts it.
  await until(`${pid} is a QEMU`, () => hasEnded(pid) || isSeenAsQemu(pid));
  const complaints = await check.look(await ownSceneOf(options, pid));
  return complaints.filter(({ subject }) => new RegExp(`^QEMU ${pid}\\b`).test(subject));
}

function isSeenAsQemu(pid: number): boolean {
  const argv = argvOf(readProcFile(`/proc/${pid}/cmdline`));
  return argv.length > 0 && isQemu(pid, argv);
}

/** What is there, without the labs of others. */
export async function ownSceneOf(options: Partial<SceneOptions>, pid?: number): Promise<Scene> {
  const scene = await sceneOf(options);
  const { regions: told = [] } = scene.status ?? {};
  const pids = new Set([pid, ...told.flatMap(({ peers }) => peers.map((peer) => peer.pid))]);
  const qemus = scene.qemus.filter((qemu) => pids.has(qemu.pid));
  const sockets = new Set([
    ...(options.sockets ?? []),
    ...told.map(({ socket }) => socket),
    ...qemus.flatMap(({ devices }) => devices.map(({ socket }) => socket)),
  ]);
  return {
    ...scene,
    qemus,
    sockets: scene.sockets.filter((socket) => sockets.has(socket)),
    regions: scene.regions.filter((region) => region.sockets.some((one) => sockets.has(one))),
    unasked: 0,
  };
}

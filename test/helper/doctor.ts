// The doctor's look at one lab, in a test beside which other tests have labs of their own.
//
// Rule 1: places where servers leave things are the test's own; of QEMUs, which run all over the machine, the
//   test takes what is said of its own.
import { readScene, type Scene, type SceneOptions } from '../../src/control/doctor/scene.js';
import type { Check, Complaint } from '../../src/control/doctor/finding.js';

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
  return check.look(await sceneOf(options));
}

/** What a check finds of one QEMU. */
export async function foundOf(
  { pid }: { readonly pid: number },
  check: Check,
  options: Partial<SceneOptions> = {},
): Promise<readonly Complaint[]> {
  const complaints = await found(check, options);
  return complaints.filter(({ subject }) => new RegExp(`^QEMU ${pid}\\b`).test(subject));
}

// What the doctor finds as a root that lacks CAP_SYS_PTRACE, as that of a container does.
import type { Finding } from '../../src/control/doctor/finding.js';
import { ivshmem, run } from './command.js';
import type { Scope } from './temp.js';

const LESS = '-sys_ptrace,-perfmon,-sys_admin';

/** Goes before a command: such a root may look at what lacks these capabilities as well, and at nobody else. */
export const asClosedRoot = ['setpriv', `--bounding-set=${LESS}`, `--inh-caps=${LESS}`] as const;

/** What a check finds with these options. */
export async function foundByClosedRoot(
  t: Scope,
  check: string,
  words: readonly string[],
): Promise<Finding[]> {
  const doctor = [...asClosedRoot, ...ivshmem, 'doctor', '--json', ...words];
  const { stdout } = await run(t, doctor);
  return (JSON.parse(stdout) as Finding[]).filter((finding) => finding.check === check);
}

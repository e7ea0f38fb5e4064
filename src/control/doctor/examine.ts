// The examination: every check, over one scene.
//
// Rule 1: each check is heard: with what it found, or that all is well. One that the system keeps from looking
//         says so, and the others go on.
// Rule 2: a list has an end, however many strangers give cause for a finding.
import { checks } from './checks.js';
import { isSystemError } from '../../../native/system-error.js';
import { type Check, type Complaint, type Finding } from './finding.js';
import type { Scene } from './scene.js';

const MOST_FINDINGS = 100; // of each check

/** All findings, in the order of the checks. */
export async function examine(scene: Scene): Promise<Finding[]> {
  const found: Finding[] = [];
  for (const check of checks) found.push(...(await ask(check, scene)));
  return found;
}

async function ask(check: Check, scene: Scene): Promise<Finding[]> {
  const { name } = check;
  const complaints = await look(check, scene);
  const shown = complaints
    .slice(0, MOST_FINDINGS)
    .map((complaint) => ({ check: name, ...complaint }));
  const more = complaints.length - shown.length;
  if (more > 0) {
    const severity = complaints.some((one) => one.severity === 'error') ? 'error' : 'warning';
    const remedy = 'see to those that are listed, and look again';
    shown.push({ check: name, severity, subject: name, message: `and ${more} more`, remedy });
  }
  return complaints.length > 0 ? shown : [allIsWell(check, scene)];
}

function allIsWell({ name, about, scope }: Check, scene: Scene): Finding {
  const finding = { check: name, subject: name };
  if (scope === undefined) return { ...finding, severity: 'ok', message: about };
  const { count, of } = scope(scene);
  const [one, several] = of;
  if (count === 0) return { ...finding, severity: 'note', ...nothingSeen(one, scene) };
  const message = `${about} (${count} ${count === 1 ? one : several})`;
  return { ...finding, severity: 'ok', message };
}

// Where nobody said which server, what is not seen may be there all the same.
function nothingSeen(one: string, { absence }: Scene): Pick<Finding, 'message' | 'remedy'> {
  if (absence?.isChoice === true)
    return {
      message: `no ${one} was looked at: none of the servers here was asked`,
      remedy: absence.remedy,
    };
  const remedy = 'look again while the lab runs, as root where it is of other users';
  return { message: `no ${one} is there to be looked at`, remedy };
}

async function look(check: Check, scene: Scene): Promise<readonly Complaint[]> {
  try {
    return await check.look(scene);
  } catch (error) {
    // The kernel said no; anything else is a bug.
    if (!isSystemError(error)) throw error;
    const remedy = 'run this as root';
    return [
      {
        severity: 'note',
        subject: check.name,
        message: `could not look: ${error.message}`,
        remedy,
      },
    ];
  }
}

// Rules about who somebody is, from what people write to what the kernel tells.
//
// Rule 1: names become numbers once, at the start: a newcomer is never looked up in a directory of users,
//         which may be on the other side of a network.
// Rule 2: a rule that nobody could ever fit, because the kernel has no proof for it, is an error.
import { canHoldPeers } from '../../native/peer-process.js';
import { OptionsError } from './error.js';
import { resolveGroup } from './group.js';
import type { IdentityRule } from './identity.js';
import { unitPattern } from './unit.js';
import { learnUnmapped } from './unmapped.js';
import { resolveUser } from './user.js';

/** What can be said of somebody. */
export interface IdentityOptions {
  readonly user?: string | number | undefined;
  readonly group?: string | number | undefined;
  readonly unit?: string | undefined;
  readonly qemuName?: string | undefined;
}

/**
 * The rule of these options; undefined when they say nothing. `option` is where they stand, for the
 * OptionsError of a user or group that is not there, or of what can be no unit. Throws SystemError.
 */
export function resolveRule(option: string, options: IdentityOptions): IdentityRule | undefined {
  const { user, group, unit, qemuName } = options;
  if ([user, group, unit, qemuName].every((value) => value === undefined)) return undefined;
  learnUnmapped();
  if (qemuName === '') throw new OptionsError(`${option}.qemuName`, 'the name is empty');
  if (qemuName !== undefined && typeof qemuName !== 'string')
    throw new OptionsError(`${option}.qemuName`, 'a name is a text');
  const rule = {
    uid: user === undefined ? undefined : resolveUser(`${option}.user`, user),
    gid: group === undefined ? undefined : resolveGroup(`${option}.group`, group),
    unit: unit === undefined ? undefined : unitPattern(`${option}.unit`, unit),
    qemuName,
  };
  for (const field of ['unit', 'qemuName'] as const)
    if (options[field] !== undefined) checkProvable(`${option}.${field}`);
  return rule;
}

/**
 * Throws OptionsError for what is no object, and for what it has beside these fields: a restriction that nobody
 * heeds would be none.
 */
export function checkFields(option: string, value: unknown, fields: readonly string[]): void {
  if (typeof value !== 'object' || value === null)
    throw new OptionsError(option, `it has none of ${fields.join(', ')}`);
  const stranger = Object.keys(value).find((key) => !fields.includes(key));
  if (stranger === undefined) return;
  throw new OptionsError(
    option,
    `'${stranger}' is nothing that it has; allowed: ${fields.join(', ')}`,
  );
}

function checkProvable(option: string): void {
  if (canHoldPeers()) return;
  throw new OptionsError(
    option,
    'this kernel cannot prove which process connected (SO_PEERPIDFD, Linux 6.5): only users and groups can be told',
  );
}

// Who may join: by who it is, before anything else is asked of a newcomer.
//
// Rule 1: without rules nobody is asked for anything; with rules who fits none is refused, and a list
//         without rules fits nobody.
// Rule 2: what cannot be proved fits nothing; see identity.ts.
// Rule 3: a limit per user holds at each door by itself: who has its VMs can still look at the region,
//         and nobody takes all slots for host commands.
import type { PeerCredentials } from '../../native/unix-socket.js';
import { OptionsError } from './error.js';
import { checkFields, resolveRule } from './identity-rule.js';
import { matches, type Identity, type IdentityRule } from './identity.js';
import type { AccessRule } from './options.js';
import { refusal, type Refusal } from './refusal.js';

const FIELDS = ['user', 'group', 'unit'];

/** The rules that are asked for, with numbers for names. Throws OptionsError for the first that cannot be. */
export function resolveAccess(rules: readonly AccessRule[]): IdentityRule[] {
  if (!Array.isArray(rules)) throw new OptionsError('access', 'it is no list of rules');
  return rules.map((rule: AccessRule, index) => {
    const option = `access[${index}]`;
    checkFields(option, rule, FIELDS);
    const resolved = resolveRule(option, rule);
    if (resolved) return resolved;
    const needed = `allowed: ${FIELDS.join(', ')}, at least one of them`;
    throw new OptionsError(option, `the rule says nothing; ${needed}`);
  });
}

/** Why who is no friend of the region's is refused; undefined: it is one. Throws SystemError. */
export function checkAccess(
  rules: readonly IdentityRule[] | undefined,
  identity: Identity,
): Refusal | undefined {
  if (rules === undefined || rules.some((rule) => matches(rule, identity))) return undefined;
  const { uid } = identity.credentials;
  return refusal(
    'access',
    `no rule of access fits ${describe(identity)}`,
    `let it in by a rule (access: user ${uid}, a group or a unit), or connect it to a region of its own`,
  );
}

/** Whether a user has, or would have, too many peers at a door. */
export function checkUserPeers(
  peers: number,
  most: number,
  { uid }: PeerCredentials,
): Refusal | undefined {
  if (peers < most) return undefined;
  return refusal(
    'user-peers',
    `user ${uid} has ${peers} peers here, and may have ${most}`,
    'raise maxPeersPerUser, or let one of them leave',
  );
}

// By numbers: to look for a name may take a network.
function describe({ credentials, groups, units }: Identity): string {
  const { uid, gid } = credentials;
  const others = groups.filter((group) => group !== gid);
  const more = others.length > 0 ? ` (and ${others.slice(0, 16).join(', ')})` : '';
  // Whoever may divide a cgroup chooses names: no control characters of theirs into a terminal.
  const unit = units.at(-1)?.replaceAll(/[^\x21-\x7e]/g, '?') ?? 'unknown';
  return `user ${uid}, group ${gid}${more}, unit ${unit}`;
}

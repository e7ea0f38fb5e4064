// What the VMs of a region may be together: each a slot of its own.
import type { VmOptions } from '../../server/options.js';
import { resolveUser } from '../../server/user.js';
import type { NamedOptions } from './read-region.js';
import type { Report } from './report.js';

/** Notes slots that overlap. */
export function checkVms({ name: region, vms = [] }: NamedOptions, report: Report): void {
  const path = ['regions', region, 'vms'];
  const owners = new Map<string, string>();
  for (const vm of vms) {
    for (const [key, what, claim] of claimsOf(vm)) {
      const owner = owners.get(claim);
      if (owner === undefined) owners.set(claim, vm.name);
      else
        report.add(
          [...path, vm.name, ...key],
          sharing(what, owner, report.lineOf([...path, owner])),
        );
    }
  }
}

function sharing(what: string, owner: string, line: number): string {
  return `${what} ${owner} (line ${line}); allowed: one VM each`;
}

type Claim = readonly [key: readonly string[], what: string, claim: string];

// Who has a socket of its own is known by that; two on one socket are found with all the other paths.
function claimsOf({ id, socket, user, qemuName, unit }: VmOptions): Claim[] {
  const claims: Claim[] = [];
  if (id !== undefined) claims.push([['id'], `${id} is already the ID of`, `id ${id}`]);
  if (socket === undefined) {
    const matcher = JSON.stringify([numberOf(user), qemuName, unit]);
    claims.push([[], 'what this VM is known by is already that of', matcher]);
  }
  return claims;
}

// root and 0 are the same; who there is not is somebody else's finding.
function numberOf(user: string | number | undefined): string | number | undefined {
  try {
    return user === undefined ? undefined : resolveUser('user', user);
  } catch {
    return user;
  }
}

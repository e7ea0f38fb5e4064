// A program as another user's, for tests that are root.
import { readFileSync } from 'node:fs';

/**
 * Goes before a command: it is this user's, with this group alone or these beside it, and ends with the
 * test all the same. It may read whatever it likes, for Node may be in root's home; no test is about reading.
 */
export function asUser(uid: number, gid = uid, groups: readonly number[] = []): string[] {
  const more = groups.length > 0 ? ['--groups', groups.join(',')] : ['--clear-groups'];
  const user = ['--reuid', String(uid), '--regid', String(gid), ...more];
  const mayRead = ['--inh-caps', '-all,+dac_read_search', '--ambient-caps', '+dac_read_search'];
  return ['setpriv', ...user, ...(canReadAll() ? mayRead : []), 'setpriv', '--pdeathsig', 'KILL'];
}

// https://man7.org/linux/man-pages/man7/capabilities.7.html: not every container's root has it.
function canReadAll(): boolean {
  const status = readFileSync('/proc/self/status', 'latin1');
  const CAP_DAC_READ_SEARCH = 2n;
  const permitted = BigInt(`0x${/^CapPrm:\s+(\w+)/m.exec(status)?.[1] ?? '0'}`);
  return ((permitted >> CAP_DAC_READ_SEARCH) & 1n) === 1n;
}

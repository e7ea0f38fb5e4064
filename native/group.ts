// Names of groups, as the system's own libraries know them (files, LDAP, systemd alike).
import koffi from 'koffi';
import { libc } from './libc.js';

const GR_GID_OFFSET = 16; // struct group: gr_name, gr_passwd, gr_gid

/** The number of a group; undefined when there is none of that name. https://man7.org/linux/man-pages/man3/getgrnam.3.html */
export function groupId(name: string): number | undefined {
  const group = libc.getgrnam(name);
  return group === null ? undefined : (koffi.decode(group, GR_GID_OFFSET, 'uint32') as number);
}

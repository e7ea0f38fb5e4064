// Names of users, as the system's own libraries know them (files, LDAP, systemd alike).
import koffi from 'koffi';
import { libc } from './libc.js';

const PW_UID_OFFSET = 16; // struct passwd: pw_name, pw_passwd, pw_uid

/** The number of a user; undefined when there is none of that name. https://man7.org/linux/man-pages/man3/getpwnam.3.html */
export function userId(name: string): number | undefined {
  const user = libc.getpwnam(name);
  return user === null ? undefined : (koffi.decode(user, PW_UID_OFFSET, 'uint32') as number);
}

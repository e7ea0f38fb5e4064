// Names of users, as the system's own libraries know them (files, LDAP, systemd alike).
import koffi from 'koffi';
import { libc } from './libc.js';

const PW_UID_OFFSET = 16; // struct passwd: pw_name, pw_passwd, pw_uid, pw_gid
const PW_GID_OFFSET = 20;

/** The number of a user; undefined when there is none of that name. https://man7.org/linux/man-pages/man3/getpwnam.3.html */
export function userId(name: string): number | undefined {
  return userIds(name)?.uid;
}

/** The numbers of a user and of its own group; undefined when there is none of that name. */
export function userIds(name: string): { uid: number; gid: number } | undefined {
  const user = libc.getpwnam(name);
  if (user === null) return undefined;
  const at = (offset: number): number => koffi.decode(user, offset, 'uint32') as number;
  return { uid: at(PW_UID_OFFSET), gid: at(PW_GID_OFFSET) };
}

/** The name of a user; undefined when it has none. https://man7.org/linux/man-pages/man3/getpwuid.3.html */
export function userName(uid: number): string | undefined {
  const user = libc.getpwuid(uid);
  return user === null ? undefined : (koffi.decode(user, 'char *') as string);
}

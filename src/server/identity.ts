// Who a newcomer is, as the kernel vouches for it.
//
// Rule 1: nothing is looked up before it is asked for: who joins where there are no rules costs nothing.
// Rule 2: what cannot be proved is nothing: a unit and a name are read from /proc while a pidfd of the
//         process that connected says that its number is still its own.
// Rule 3: a name in a command line is what the process says of itself; all else is what others say of it.
// Rule 4: what somebody may make as long as it likes is read so far and no further; beyond is doubt.
import type { Fd } from '../../native/fd.js';
import { peerGroups, peerPidFd, pidOf } from '../../native/peer-process.js';
import { readProcFile } from '../../native/proc-file.js';
import type { PeerCredentials } from '../../native/unix-socket.js';
import { argvOf, nameOnCommandLine } from '../qemu/command-line.js';
import { patience } from './patience.js';
import { unitsOf, type UnitPattern } from './unit.js';
import { isUnmapped } from './unmapped.js';

const MAX_CGROUP_BYTES = 16 * 1024; // a line for each hierarchy, and a path has 4 KiB at most

/** Whom a rule fits: all that is given has to be so. Made by `resolveRule`. */
export interface IdentityRule {
  readonly uid?: number | undefined;
  readonly gid?: number | undefined;
  readonly unit?: UnitPattern | undefined;
  readonly qemuName?: string | undefined;
}

/** Who is at the other end of a socket. The getters throw SystemError (EMFILE, …). */
export class Identity {
  readonly credentials: PeerCredentials;
  readonly #socket: Fd;
  #groups: readonly number[] | undefined;
  #units: readonly string[] | undefined;
  #name: { readonly text: string | undefined } | undefined;

  /** The socket stays the caller's, and has to be open for as long as something is asked. */
  constructor(socket: Fd, credentials: PeerCredentials) {
    this.#socket = socket;
    this.credentials = credentials;
  }

  /** Its own group and its supplementary ones, when it connected. */
  get groups(): readonly number[] {
    this.#groups ??= [this.credentials.gid, ...peerGroups(this.#socket)];
    return this.#groups;
  }

  /** Its systemd unit, and the slices that it is in; see `unitsOf`. Empty where there is no proof. */
  get units(): readonly string[] {
    this.#units ??= unitsOf(this.#read('cgroup', MAX_CGROUP_BYTES) ?? '');
    return this.#units;
  }

  /** The name of its VM, if its command line is a QEMU's and has one. */
  get qemuName(): string | undefined {
    const { uid } = this.credentials;
    this.#name ??= {
      text: nameOnCommandLine(argvOf(patience.look(uid, () => this.#read('cmdline')))),
    };
    return this.#name.text;
  }

  // What /proc has of the process that connected; undefined when it may be another's by now.
  #read(file: string, maxBytes?: number): string | undefined {
    using pidFd = peerPidFd(this.#socket);
    const pid = pidFd && pidOf(pidFd);
    if (pidFd === undefined || pid === undefined) return undefined;
    const text = readProcFile(`/proc/${pid}/${file}`, maxBytes);
    return pidOf(pidFd) === pid ? text : undefined;
  }
}

/** Whether a rule fits. Throws SystemError. */
export function matches(rule: IdentityRule, identity: Identity): boolean {
  const { uid, gid, unit, qemuName } = rule;
  return (
    (uid === undefined || isUser(uid, identity)) &&
    (gid === undefined || (!isUnmapped('gid', gid) && identity.groups.includes(gid))) &&
    (unit === undefined || identity.units.some((name) => unit.test(name))) &&
    (qemuName === undefined || identity.qemuName === qemuName)
  );
}

function isUser(uid: number, { credentials }: Identity): boolean {
  return uid === credentials.uid && !isUnmapped('uid', uid);
}

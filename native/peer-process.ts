// Who is at the other end of a socket, beyond SO_PEERCRED: its groups, and a hold on its process.
// https://man7.org/linux/man-pages/man7/unix.7.html
//
// Rule 1: "the kernel cannot tell" and "it is gone" are values (undefined), not errors.
// Rule 2: a process is known by a descriptor (pidfd), for a number is given again when it is free.
import { Fd } from './fd.js';
import { addressOf, libc, staticMemory } from './libc.js';
import { readProcFile } from './proc-file.js';
import { errno, lastErrno, SystemError } from './system-error.js';
import { createSocketPair } from './unix-socket.js';

const SOL_SOCKET = 1;
const SO_PEERGROUPS = 59;
const SO_PEERPIDFD = 77;
const GID_BYTES = 4;
const USUAL_GROUPS = 64;

const groups = staticMemory(USUAL_GROUPS * GID_BYTES);
const rawPidFd = staticMemory(4);
const lengthCell = staticMemory(4);

/** The supplementary groups of who connected, as of that moment (SO_PEERGROUPS, Linux 4.13). */
export function peerGroups(socket: Fd): number[] {
  let { view, address } = groups;
  for (;;) {
    lengthCell.view.setUint32(0, view.byteLength, true);
    const result = getOption(socket, SO_PEERGROUPS, address);
    const count = lengthCell.view.getUint32(0, true) / GID_BYTES;
    if (result === 0)
      return Array.from({ length: count }, (_, index) => view.getUint32(index * GID_BYTES, true));
    if (result !== errno.ERANGE) throw new SystemError(result, 'getsockopt');
    // The kernel said how much it needs: 65,536 groups at most.
    const more = new ArrayBuffer(count * GID_BYTES);
    view = new DataView(more);
    address = addressOf(more);
  }
}

/**
 * The process that connected (SO_PEERPIDFD, Linux 6.5), to be closed; undefined where the kernel is older,
 * and where the process is gone. Throws EMFILE, ENFILE, ENOMEM.
 */
export function peerPidFd(socket: Fd): Fd | undefined {
  lengthCell.view.setUint32(0, rawPidFd.view.byteLength, true);
  const result = getOption(socket, SO_PEERPIDFD, rawPidFd.address);
  if (result === 0) return new Fd(rawPidFd.view.getInt32(0, true));
  // EINVAL and ESRCH: gone, to kernels of different age; ENODATA: there is nobody.
  const { ENOPROTOOPT, EINVAL, ESRCH, ENODATA } = errno;
  if ([ENOPROTOOPT, EINVAL, ESRCH, ENODATA].some((value) => value === result)) return undefined;
  throw new SystemError(result, 'getsockopt');
}

/** Whether this kernel gives processes of peers at all. Throws as `peerPidFd`. */
export function canHoldPeers(): boolean {
  const [ours, theirs] = createSocketPair();
  try {
    using pidFd = peerPidFd(ours);
    return pidFd !== undefined;
  } finally {
    ours.close();
    theirs.close();
  }
}

/**
 * The number of a process in the /proc that we see, as long as nobody else can have it: until the process
 * has ended and its parent has heard of it. Undefined then, and where it is in another PID namespace. Throws as `peerPidFd`.
 * https://man7.org/linux/man-pages/man2/pidfd_open.2.html
 */
export function pidOf(pidFd: Fd): number | undefined {
  const text = readProcFile(`/proc/self/fdinfo/${pidFd.rawFd}`) ?? '';
  const pid = Number(/^Pid:\t(-?\d+)$/m.exec(text)?.[1] ?? 0);
  return pid > 0 ? pid : undefined;
}

// 0, or errno.
function getOption(socket: Fd, name: number, address: bigint): number {
  const result = libc.getsockopt(socket.rawFd, SOL_SOCKET, name, address, lengthCell.address);
  return result < 0 ? lastErrno() : 0;
}

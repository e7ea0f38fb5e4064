// Why a connection is refused, and what the peer and the operator are told of it.
//
// The peer gets a version that no one accepts: the negative errno from this table. QEMU prints
// "server sent version -13, expecting 0" and exits, which no other answer achieves: on a connection
// that closes before the memory came it spins for ever.
//
// Rule 1: the reasons and their errno are a public contract, documented in docs/refusals.md.
import { errno, type SystemError } from '../../native/system-error.js';

/** Why a connection is refused. */
export const refusalErrno = {
  /** The process has no descriptors left for another peer. */
  descriptors: errno.EMFILE,
  /** The kernel failed to make the doorbells; the errno is its own. */
  kernel: errno.ENOMEM,
  /** As many peers as the region takes are there. */
  peers: errno.EUSERS,
  /** All slots for host commands are taken. */
  'host-slots': errno.EBUSY,
  /** Every peer ID is in use, or known to an attached peer. */
  ids: errno.ENOSPC,
  /** An attached QEMU has no descriptors left: it would abort. */
  'qemu-descriptors': errno.EMLINK,
  /** The QEMU has more vectors than the region: under KVM it would abort. */
  vectors: errno.EINVAL,
  /** It sent something before it was told anything: no ivshmem peer does. */
  data: errno.EPROTO,
  /** The server is about to end. */
  stopping: errno.ESHUTDOWN,
} as const;

/** The reason's name, for programs. */
export type RefusalReason = keyof typeof refusalErrno;

/** One refusal, with who it was about. */
export interface Refusal {
  readonly reason: RefusalReason;
  /** What the peer is sent as the version: a negative errno. */
  readonly version: number;
  /** What is the matter, with figures. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string;
}

/** A refusal of this reason; `value` is an errno other than the table's. */
export function refusal(
  reason: RefusalReason,
  message: string,
  remedy: string,
  value: number = refusalErrno[reason],
): Refusal {
  return { reason, version: -value, message, remedy };
}

/** The kernel failed to make what a join needs, or had no descriptor for it. */
export function kernelRefusal(error: SystemError): Refusal {
  const isLimit = error.code === 'EMFILE';
  return refusal(
    isLimit ? 'descriptors' : 'kernel',
    `the kernel would not: ${error.message}`,
    isLimit
      ? "raise the server's limit (LimitNOFILE=, ulimit -n)"
      : 'see what the machine lacks (memory: free; open files of all processes: /proc/sys/fs/file-nr)',
    -error.errno,
  );
}

/** It talks, which nobody does here. */
export function sentData(): Refusal {
  return refusal(
    'data',
    'it sent data before it was told anything, which no ivshmem peer does',
    'only ivshmem-doorbell devices and ivshmem clients belong on this socket',
  );
}

/** It came too late. */
export function stopping(): Refusal {
  return refusal('stopping', 'the server is about to end', 'connect again when it is back');
}

// Why a connection is refused, and what the peer and the operator are told of it.
//
// The peer gets a version that no one accepts: the negative errno of the reason. QEMU prints
// "server sent version -13, expecting 0" and exits, which no other answer achieves: on a connection
// that closes before the memory came it spins for ever.
import type { SystemError } from '../../native/system-error.js';
import { refusalErrno, type RefusalReason } from '../protocol/refusal-reason.js';

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

/** It came through the socket of a VM that is not a VM of the region any more. */
export function socketEnds(vm: string): Refusal {
  return refusal(
    'stopping',
    `this is the socket of ${vm}, which the region does not have any more`,
    `connect to another socket, or put ${vm} into the configuration again`,
  );
}

/** It came too late. */
export function stopping(): Refusal {
  return refusal('stopping', 'the server is about to end', 'connect again when it is back');
}

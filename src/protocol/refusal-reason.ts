// Why a server refuses, as a number that travels in the version's place and means the same to both ends.
//
// Rule 1: the reasons and their errno are a public contract, documented in docs/refusals.md. The errno
//         are Linux's (asm-generic/errno.h), the same on every architecture Node runs on.

/** Why a connection is refused: the errno of each reason, sent as a negative version. */
export const refusalErrno = {
  /** EMFILE: the process has no descriptors left for another peer. */
  descriptors: 24,
  /** ENOMEM: the kernel failed to make the doorbells; the errno sent is its own. */
  kernel: 12,
  /** EUSERS: as many peers as the region takes are there. */
  peers: 87,
  /** EACCES: no rule of access lets it in. */
  access: 13,
  /** EDQUOT: its user has as many peers as one user may. */
  'user-peers': 122,
  /** EBUSY: all slots for host commands are taken. */
  'host-slots': 16,
  /** EADDRINUSE: the VM that it would be is there already. */
  taken: 98,
  /** ENOSPC: every peer ID is in use, or known to an attached peer. */
  ids: 28,
  /** EMLINK: an attached QEMU has no descriptors left: it would abort. */
  'qemu-descriptors': 31,
  /** EINVAL: the QEMU has more vectors than the region: under KVM it would abort. */
  vectors: 22,
  /** EPROTO: it sent something before it was told anything: no ivshmem peer does. */
  data: 71,
  /** ESHUTDOWN: the server is about to end. */
  stopping: 108,
} as const;

/** The reason's name, for programs. */
export type RefusalReason = keyof typeof refusalErrno;

const meanings: Readonly<Record<RefusalReason, string>> = {
  descriptors: 'the server has no descriptors left for another peer',
  kernel: 'the kernel could not make what a join needs',
  peers: 'as many peers as the region takes are there',
  access: 'no rule of access lets it in',
  'user-peers': 'its user has as many peers as one user may',
  'host-slots': 'all slots for host commands are taken',
  taken: 'the VM of this name is there already',
  ids: 'all peer IDs are in use, or known to attached peers',
  'qemu-descriptors': 'an attached QEMU would run out of descriptors',
  vectors: 'more vectors than the region has',
  data: 'something was sent, which no peer does',
  stopping: 'the server is about to end',
};

/** What our server means by a version that refuses; undefined for a number that is not in the table. */
export function refusalMeaning(version: number): string | undefined {
  const reasons = Object.keys(refusalErrno) as RefusalReason[];
  const reason = reasons.find((name) => refusalErrno[name] === -version);
  return reason && meanings[reason];
}

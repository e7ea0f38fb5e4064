// A message as this house never sends one: with two descriptors.
import { addressOf, libc } from '../../native/libc.js';
import type { Fd } from '../../native/fd.js';

/** Sends eight bytes 01…08 and both descriptors, in one message. */
export function sendPair(socket: Fd, [first, second]: readonly [Fd, Fd]): void {
  const memory = new ArrayBuffer(112); // struct mmsghdr, iovec at 64, bytes at 80, cmsghdr at 88
  const view = new DataView(memory);
  const address = addressOf(memory);
  view.setBigUint64(16, address + 64n, true); // msg_iov
  view.setUint32(24, 1, true); // msg_iovlen
  view.setBigUint64(32, address + 88n, true); // msg_control
  view.setUint32(40, 24, true); // msg_controllen
  view.setBigUint64(64, address + 80n, true); // iov_base
  view.setUint32(72, 8, true); // iov_len
  new Uint8Array(memory, 80, 8).set([1, 2, 3, 4, 5, 6, 7, 8]);
  view.setUint32(88, 24, true); // cmsg_len
  view.setInt32(96, 1, true); // SOL_SOCKET
  view.setInt32(100, 1, true); // SCM_RIGHTS
  view.setInt32(104, first.rawFd, true);
  view.setInt32(108, second.rawFd, true);
  const sent = libc.sendmmsg(socket.rawFd, address, 1, 0);
  if (sent !== 1) throw new Error('the kernel took no message with two descriptors');
}

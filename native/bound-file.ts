// Which file a UNIX socket was bound to, as the kernel has it, whatever is at that path by now.
// https://man7.org/linux/man-pages/man7/sock_diag.7.html
//
// Rule 1: "the kernel has no such table", "no such socket" and "it has no file" are one value (undefined).
// Rule 2: nobody is connected to.
import { deviceNumber } from './device-number.js';
import { Fd } from './fd.js';
import { libc, staticMemory } from './libc.js';

const AF_UNIX = 1;
const AF_NETLINK = 16;
const SOCK_RAW_CLOEXEC = 3 | 0o2000000;
const NETLINK_SOCK_DIAG = 4;
const SOCK_DIAG_BY_FAMILY = 20;
const NLM_F_REQUEST = 1;
const UDIAG_SHOW_VFS = 2;
const MSG_DONTWAIT = 0x40;

const REQUEST_BYTES = 16 + 24; // struct nlmsghdr, struct unix_diag_req
const ANSWER_BYTES = 16 + 16 + 12; // struct nlmsghdr, struct unix_diag_msg, struct nlattr with struct unix_diag_vfs
const message = staticMemory(256);

/** A file in the file system. */
export interface BoundFile {
  /** That of the file system itself, in stat's form: some (btrfs, overlayfs) tell stat another one. */
  readonly device: bigint;
  /** Its lower 32 bits. */
  readonly inode: bigint;
}

/** That of the socket with this number (`socket:[…]`), in our own network namespace. */
export function boundFile(socketInode: number): BoundFile | undefined {
  const rawFd = libc.socket(AF_NETLINK, SOCK_RAW_CLOEXEC, NETLINK_SOCK_DIAG);
  if (rawFd < 0) return undefined;
  using fd = new Fd(rawFd);
  writeRequest(socketInode);
  if (libc.send(fd.rawFd, message.address, REQUEST_BYTES, 0) < 0) return undefined;
  // The kernel has answered before send(2) returns.
  const bytes = libc.recv(fd.rawFd, message.address, message.view.byteLength, MSG_DONTWAIT);
  // Of a socket without a file it is shorter; an error is a message of another type.
  const isAnswer = bytes >= ANSWER_BYTES && message.view.getUint16(4, true) === SOCK_DIAG_BY_FAMILY;
  return isAnswer ? readAnswer() : undefined;
}

function writeRequest(socketInode: number): void {
  const { view } = message;
  new Uint8Array(view.buffer).fill(0, 0, REQUEST_BYTES);
  view.setUint32(0, REQUEST_BYTES, true);
  view.setUint16(4, SOCK_DIAG_BY_FAMILY, true);
  view.setUint16(6, NLM_F_REQUEST, true);
  view.setUint8(16, AF_UNIX);
  view.setUint32(24, socketInode, true);
  view.setUint32(28, UDIAG_SHOW_VFS, true);
  view.setBigInt64(32, -1n, true); // whatever its cookie
}

function readAnswer(): BoundFile {
  const { view } = message;
  const device = view.getUint32(40, true); // 12 bits and 20
  return {
    device: deviceNumber(BigInt(device >>> 20), BigInt(device & 0xfffff)),
    inode: BigInt(view.getUint32(36, true)),
  };
}

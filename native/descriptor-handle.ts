// A descriptor by number and identity: how another thread of this process finds it again.
//
// Rule 1: a number alone is never trusted: by the time it is used it may be another file. What is
//         duplicated is compared with what the handle was made of, and given up when it differs.
import { fstatSync } from 'node:fs';
import { inspectEventfd } from './eventfd.js';
import { Fd } from './fd.js';
import { libc } from './libc.js';
import { check, errno, lastErrno } from './system-error.js';

const F_DUPFD_CLOEXEC = 1030;

/** Plain data: it can be posted to a worker. */
export interface DescriptorHandle {
  readonly rawFd: number;
  /** The file: device and inode; of an eventfd its own number. */
  readonly identity: string;
}

/** The handle of a file or memory. It is good for as long as the descriptor is open. */
export function fileHandle(fd: Fd): DescriptorHandle {
  return { rawFd: fd.rawFd, identity: fileIdentity(fd) };
}

/** The handle of an eventfd. It is good for as long as the descriptor is open. */
export function eventfdHandle(fd: Fd): DescriptorHandle {
  return { rawFd: fd.rawFd, identity: String(inspectEventfd(fd).id) };
}

/** A descriptor of one's own to the same file; undefined when the handle's was closed. Throws EMFILE. */
export function openFileHandle(handle: DescriptorHandle): Fd | undefined {
  return open(handle, fileIdentity);
}

/** The same for an eventfd. */
export function openEventfdHandle(handle: DescriptorHandle): Fd | undefined {
  return open(handle, (fd) => String(inspectEventfd(fd).id));
}

function fileIdentity(fd: Fd): string {
  const { dev, ino } = fstatSync(fd.rawFd, { bigint: true });
  return `${dev}:${ino}`;
}

function open({ rawFd, identity }: DescriptorHandle, identify: (fd: Fd) => string): Fd | undefined {
  const duplicate = libc.fcntl(rawFd, F_DUPFD_CLOEXEC, 0);
  if (duplicate < 0 && lastErrno() === errno.EBADF) return undefined;
  const fd = new Fd(check(duplicate, 'fcntl'));
  try {
    if (identify(fd) === identity) return fd;
  } catch {
    // No eventfd any more.
  }
  fd.close();
  return undefined;
}

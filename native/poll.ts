// Asking once whether a descriptor takes a write now. To wait for it, there is Watch.
// https://man7.org/linux/man-pages/man2/poll.2.html
import { libc, staticMemory } from './libc.js';
import { check } from './system-error.js';

const POLLOUT = 4;
const pollfd = staticMemory(8);

/** Whether a write would not block. Throws EINTR, ENOMEM. */
export function isWritable(rawFd: number): boolean {
  pollfd.view.setInt32(0, rawFd, true);
  pollfd.view.setInt16(4, POLLOUT, true);
  check(libc.poll(pollfd.address, 1, 0), 'poll');
  // Not poll's result: it counts POLLERR too, an eventfd that the kernel itself drove to the very end.
  return (pollfd.view.getInt16(6, true) & POLLOUT) !== 0;
}

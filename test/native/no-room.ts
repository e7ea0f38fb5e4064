// A process that has no room for one more descriptor.
import { createEventfd } from '../../native/eventfd.js';
import { addressOf, libc, NULL } from '../../native/libc.js';

const RLIMIT_NOFILE = 7;

/** Runs the action while every number below the soft limit is taken: the next descriptor is EMFILE. */
export function withoutRoom<Result>(action: () => Result): Result {
  using next = createEventfd();
  const { rawFd } = next;
  next.close();
  return withDescriptorLimit(rawFd, action);
}

/** Runs the action under another soft RLIMIT_NOFILE; not above the hard one. */
export function withDescriptorLimit<Result>(limit: number, action: () => Result): Result {
  const memory = new ArrayBuffer(32); // struct rlimit: the old one, the new one
  const address = addressOf(memory);
  const limits = new BigUint64Array(memory);
  libc.prlimit(0, RLIMIT_NOFILE, NULL, address);
  limits.set([BigInt(limit), limits[1]!], 2);
  libc.prlimit(0, RLIMIT_NOFILE, address + 16n, NULL);
  try {
    return action();
  } finally {
    libc.prlimit(0, RLIMIT_NOFILE, address, NULL);
  }
}

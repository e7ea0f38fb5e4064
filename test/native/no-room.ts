// A process that has no room for one more descriptor.
import { createEventfd } from '../../native/eventfd.js';
import { addressOf, libc, NULL } from '../../native/libc.js';

const RLIMIT_NOFILE = 7;

/** Runs the action while every number below the soft limit is taken: the next descriptor is EMFILE. */
export function withoutRoom<Result>(action: () => Result): Result {
  return withDescriptorLimit(nextNumber(), action);
}

/** The same until what the action returns is settled; or with room for so many descriptors, and no more. */
export async function withoutRoomUntil(action: () => Promise<unknown>, left = 0): Promise<void> {
  const restore = setDescriptorLimit(nextNumber(left));
  try {
    await action();
  } finally {
    restore();
  }
}

/** Runs the action under another soft RLIMIT_NOFILE; not above the hard one. */
export function withDescriptorLimit<Result>(limit: number, action: () => Result): Result {
  const restore = setDescriptorLimit(limit);
  try {
    return action();
  } finally {
    restore();
  }
}

// The next number that is free, when so many are taken.
function nextNumber(taken = 0): number {
  using next = createEventfd();
  return taken === 0 ? next.rawFd : nextNumber(taken - 1);
}

// Returns what undoes it.
function setDescriptorLimit(limit: number): () => void {
  const memory = new ArrayBuffer(32); // struct rlimit: the old one, the new one
  const address = addressOf(memory);
  const limits = new BigUint64Array(memory);
  libc.prlimit(0, RLIMIT_NOFILE, NULL, address);
  limits.set([BigInt(limit), limits[1]!], 2);
  libc.prlimit(0, RLIMIT_NOFILE, address + 16n, NULL);
  return () => {
    limits.copyWithin(2, 0, 2); // and the memory is held until then, which an address does not
    libc.prlimit(0, RLIMIT_NOFILE, address + 16n, NULL);
  };
}

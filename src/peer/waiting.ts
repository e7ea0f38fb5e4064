// A promise that somebody else fulfils, that does not wait for ever, and that can be called off.
import { PeerError } from './peer-error.js';

/** How long to wait. */
export interface WaitOptions {
  /** Milliseconds; without it there is no end to the waiting. */
  readonly timeoutMs?: number | undefined;
  /** Ends the waiting: the promise is rejected with the signal's reason. */
  readonly signal?: AbortSignal | undefined;
}

/** How a wait can end. */
export interface Settle<Value> {
  readonly resolve: (value: Value) => void;
  readonly reject: (error: Error) => void;
}

const LONGEST_TIMER_MS = 2 ** 31 - 1;

/**
 * Calls `start`, which gets the ways to end the wait and returns what undoes it, called at least
 * once, whatever ended it. `onTimeout` says what becomes of it when the time is over.
 * Rejects with PeerError ERR_IVSHMEM_ARGUMENT for a time that is none.
 */
export async function waitFor<Value>(
  { timeoutMs = Infinity, signal }: WaitOptions,
  start: (settle: Settle<Value>) => () => void,
  onTimeout: (settle: Settle<Value>) => void,
): Promise<Value> {
  checkTimeout(timeoutMs);
  signal?.throwIfAborted();
  let undo = (): void => undefined;
  const { promise, settle } = settleable<Value>(() => {
    undo();
  });
  const onAbort = (): void => {
    settle.reject(signal?.reason as Error);
  };
  undo = start(settle);
  signal?.addEventListener('abort', onAbort);
  const timer =
    timeoutMs > LONGEST_TIMER_MS ? undefined : setTimeout(() => onTimeout(settle), timeoutMs);
  try {
    return await promise;
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', onAbort);
    undo();
  }
}

/** Throws PeerError ERR_IVSHMEM_ARGUMENT for what is no time in milliseconds. */
export function checkTimeout(timeoutMs: number): void {
  if (timeoutMs >= 0) return;
  throw new PeerError(
    'ERR_IVSHMEM_ARGUMENT',
    `timeoutMs is 0 or more milliseconds, not ${timeoutMs}`,
  );
}

// What ends it is undone at once, not a turn of the loop later: nothing more may arrive in between.
function settleable<Value>(undo: () => void): { promise: Promise<Value>; settle: Settle<Value> } {
  let settle: Settle<Value> | undefined;
  const promise = new Promise<Value>((resolve, reject) => {
    settle = {
      resolve: (value) => {
        undo();
        resolve(value);
      },
      reject: (error) => {
        undo();
        reject(error);
      },
    };
  });
  if (settle === undefined) throw new Error('a promise calls its executor at once');
  return { promise, settle };
}

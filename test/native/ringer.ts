// A worker that rings the doorbell of `workerData.rawFd` for `workerData.forMs` milliseconds, and tells
// how it went; `waiter` is memory on which it then waits as only a worker can.
import { parentPort, workerData } from 'node:worker_threads';
import { duplicateFd } from '../../native/duplicate.js';
import { ringFor, type Rings } from './ring-for.js';

/** What it tells. */
export interface Told extends Rings {
  /** What Atomics.wait for 50 ms gave, and how long it took. */
  readonly wait: string;
  readonly waitMs: number;
}

const { rawFd, forMs } = workerData as { readonly rawFd: number; readonly forMs: number };
using doorbell = duplicateFd(rawFd)!;
const rings = ringFor(doorbell, forMs);
const start = performance.now();
const wait = Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 50);
parentPort?.postMessage({ ...rings, wait, waitMs: performance.now() - start } satisfies Told);

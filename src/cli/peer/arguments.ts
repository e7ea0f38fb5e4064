// Text from the command line of a peer's command as values, and whether the region has such things.
// Throws OptionsError for what is called wrongly; what is wrong is named, and what is allowed.
//
// Rule 1: a peer that is not there is no wrong call: it may have been there a moment ago.
import type { Peer } from '../../peer/peer.js';
import { OptionsError } from '../../server/error.js';
import { formatSize, parseSize } from '../../server/size.js';
import { CommandError } from '../exit.js';
import { integerIn } from '../flags.js';
import { ranges } from '../ranges.js';

const SHOWN_RANGES = 12;

/** A peer ID. */
export function peerId(text: string): number {
  return integerIn('PEER', text, 0, 65_535);
}

/** A vector. */
export function vectorNumber(option: string, text: string): number {
  return integerIn(option, text, 0, 2_047);
}

/** A number of bytes, 0 or more: decimal, 0x…, or with K, M, G or T. */
export function byteCount(option: string, text: string): number {
  const bytes = parseSize(text);
  if (bytes !== undefined && bytes >= 0 && Number.isSafeInteger(bytes)) return bytes;
  const allowed = 'allowed: bytes, as in 4096, 0x1000 or 4K (K, M, G, T)';
  throw new OptionsError(option, `'${text}' is no number of bytes; ${allowed}`);
}

/** Seconds, fractions allowed, as milliseconds. */
export function seconds(option: string, text: string): number {
  if (/^(\d{1,9}(\.\d*)?|\.\d+)$/.test(text)) return Number(text) * 1000;
  throw new OptionsError(option, `'${text}' is no time; allowed: seconds, as in 5 or 0.25`);
}

/** Throws CommandError, with those who are there, for a peer that is not, and for the command itself. */
export function checkPeer(peer: Peer, id: number): void {
  if (peer.peers.has(id)) return;
  const what = id === peer.id ? 'is this command itself' : 'is not there';
  throw new CommandError(`peer ${id} ${what}; ${whoIsThere(peer)}`);
}

/** Throws OptionsError for a vector that the peer does not have. */
export function checkVector(peer: Peer, id: number, option: string, vector: number): void {
  const count = peer.peers.get(id) ?? peer.vectors;
  if (vector < count) return;
  const has = count === 1 ? '1 vector: 0' : `${count} vectors: 0–${count - 1}`;
  throw new OptionsError(option, `peer ${id} has ${has}, not ${vector}`);
}

/** Throws OptionsError for bytes beyond the memory's end. */
export function checkRange(peer: Peer, offset: number, length: number): void {
  const { memorySize } = peer;
  if (offset + length <= memorySize) return;
  const what = length === 0 ? `${offset}` : `${offset} + ${length}`;
  const memory = `the memory has ${memorySize} bytes (${formatSize(memorySize)})`;
  throw new OptionsError('OFFSET', `${what} is beyond the end: ${memory}`);
}

/** The others, for people: `there are: 0, 1, 4–9`. */
export function whoIsThere({ peers }: Peer): string {
  if (peers.size === 0) return 'nobody else is there';
  const ids = ranges([...peers.keys()].sort((a, b) => a - b)).split(', ');
  const more = ids.length > SHOWN_RANGES ? `, …: ${peers.size} in all` : '';
  const shown = ids.slice(0, SHOWN_RANGES).join(', ');
  return `${peers.size === 1 ? 'there is' : 'there are'}: ${shown}${more}`;
}

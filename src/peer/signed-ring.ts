// A ring that says who rang: the number that it adds to the doorbell's count carries its sender's ID.
// A doorbell itself tells nobody who rang, and adds up what comes before somebody looks.
//
// Rule 1: what was merged is not readable. The number is MARK · 2^36 + sender · 2^20 + CHECK. The sum
//         of two has twice the mark, which needs one bit more; one with fewer than 2^20 plain rings
//         has another check.
// Rule 2: 44 bits, so that a doorbell that nobody drains takes a million of them before it is full.

const SENDERS = 2 ** 16;
const CHECKS = 2 ** 20;
const MARK = 0xb5; // 8 bits, the highest set
const CHECK = 0x5a3c7;

/** The `times` of a ring that carries its sender, a peer ID. */
export function signedRing(sender: number): number {
  return (MARK * SENDERS + sender) * CHECKS + CHECK;
}

/** Who rang, from an interrupt's count; undefined for a plain ring, and for what was merged. */
export function senderOf(count: number): number | undefined {
  const sender = Math.floor(count / CHECKS) - MARK * SENDERS;
  const isSigned = count % CHECKS === CHECK && sender >= 0 && sender < SENDERS;
  return isSigned ? sender : undefined;
}

// A peer that closes, or keeps, what a peer should not: `node keeper.js SOCKET`, perhaps under another name of
// `node`. Lines: `close ID` gives up a doorbell of that peer's, `keep` holds a duplicate of all; each is answered.
import { openSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { duplicateFd } from '../../native/duplicate.js';
import { libc } from '../../native/libc.js';
import { Peer } from '../../src/peer/peer.js';

const peer = await Peer.connect({ socket: process.argv[2] ?? '' });
const kept: unknown[] = [];
console.log(`peer ${peer.id}`);
for await (const line of createInterface({ input: process.stdin })) {
  const [word, id] = line.split(' ');
  for (const [owner, fds] of peer.handle.doorbells) {
    if (word === 'keep') kept.push(...fds.map((rawFd) => duplicateFd(rawFd)));
    if (word === 'close' && owner === Number(id)) replace(fds[0] ?? -1);
  }
  console.log('done');
}

// Were the number free, something else would get it, and be closed when that peer leaves.
function replace(rawFd: number): void {
  libc.dup3(openSync('/dev/null', 'r'), rawFd, 0);
}

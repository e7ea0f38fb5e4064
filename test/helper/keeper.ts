// A peer that closes, or keeps, what a peer should not: `node keeper.js SOCKET`, perhaps under another name of
// `node`. Lines: `close ID` closes a doorbell of that peer's, `keep` holds a duplicate of all; each is answered.
import { closeSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { duplicateFd } from '../../native/duplicate.js';
import { Peer } from '../../src/peer/peer.js';

const peer = await Peer.connect({ socket: process.argv[2] ?? '' });
const kept: unknown[] = [];
console.log(`peer ${peer.id}`);
for await (const line of createInterface({ input: process.stdin })) {
  const [word, id] = line.split(' ');
  for (const [owner, fds] of peer.handle.doorbells) {
    if (word === 'keep') kept.push(...fds.map((rawFd) => duplicateFd(rawFd)));
    if (word === 'close' && owner === Number(id)) closeSync(fds[0] ?? -1);
  }
  console.log('done');
}

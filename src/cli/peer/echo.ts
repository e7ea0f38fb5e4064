// `ivshmem peer echo`: answers pings by a ring of the same vector.
//
// Rule 1: nobody is rung who did not ring: what does not carry one sender is not answered.
import type { Peer } from '../../peer/peer.js';
import { senderOf } from '../../peer/signed-ring.js';
import { CommandError } from '../exit.js';
import { print } from '../print.js';
import { ringDoorbell } from './doorbell.js';
import { peerCommand } from './command.js';
import { ownCommand, serverEnd, stopSignal } from './self.js';

const EARLY_MS = 1_000;

export const echoCommand = peerCommand({
  command: 'echo',
  describe: 'Answer pings of other peers, until stopped',
  positionals: {},
  flags: {},
  examples: [['echo', 'Prints the command that pings it']],
  read: () => async (peer, socket) => {
    const end = Promise.race([stopSignal(), serverEnd(peer), answerPings(peer)]);
    console.error(`peer ${peer.id} answers, vectors ${peer.vectors}; to ping it:`);
    await Promise.race([end, print(`${ownCommand(peer, socket, 'ping')}\n`)]);
    await end;
  },
});

/** Rejects when an answer cannot be rung. */
function answerPings(peer: Peer): Promise<never> {
  return new Promise((_, reject) => {
    onPing(peer, (id, vector) => {
      try {
        ringDoorbell(peer, id, vector);
      } catch (error) {
        if (!(error instanceof CommandError)) throw error;
        reject(error);
      }
    });
  });
}

function onPing(peer: Peer, answer: (id: number, vector: number) => void): void {
  // A newcomer may ring before the server has told us of it.
  const early = new Map<number, { readonly vector: number; readonly sinceMs: number }>();
  peer.on('interrupt', ({ vector, count }) => {
    const sender = senderOf(count);
    if (sender === undefined || sender === peer.id) return;
    if (hasVector(peer, sender, vector)) answer(sender, vector);
    else early.set(sender, { vector, sinceMs: performance.now() });
  });
  peer.on('join', ({ id }) => {
    const ring = early.get(id);
    early.delete(id);
    if (ring === undefined || performance.now() - ring.sinceMs > EARLY_MS) return;
    if (hasVector(peer, id, ring.vector)) answer(id, ring.vector);
  });
}

function hasVector(peer: Peer, id: number, vector: number): boolean {
  return vector < (peer.peers.get(id) ?? 0);
}

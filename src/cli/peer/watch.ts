// `ivshmem peer watch`: who comes, who goes, who rings, as it happens.
//
// Rule 1: a reader who is slow loses nothing: interrupts wait, merged, in their doorbells.
import type { Peer } from '../../peer/peer.js';
import { integerIn, whoIsThere } from './arguments.js';
import { jsonFlag, peerCommand, text } from './command.js';
import { serverEnd, stopSignal } from './self.js';
import { print, printJson } from './print.js';

type Happening =
  | { readonly event: 'join'; readonly peer: number; readonly vectors: number }
  | { readonly event: 'leave'; readonly peer: number }
  | { readonly event: 'interrupt'; readonly vector: number; readonly count: number };

type Report = (happening: Happening) => Promise<void>;

export const watchCommand = peerCommand({
  command: 'watch',
  describe: 'Print joins, leaves and interrupts as they come, until stopped',
  positionals: {},
  flags: { count: text('Stop after so many lines', 'never'), ...jsonFlag },
  examples: [
    ['watch', 'Until Ctrl-C'],
    ['watch --json --count 1', 'The next thing that happens, for a program'],
  ],
  read: ({ count, json }) => {
    const most = count === undefined ? Infinity : integerIn('count', count, 1, 2 ** 31);
    const report: Report = (happening) =>
      json ? printJson(happening) : print(`${describe(happening)}\n`);
    return async (peer, socket) => {
      const end = Promise.race([stopSignal(), serverEnd(peer)]);
      console.error(`peer ${peer.id} of ${socket}, vectors ${peer.vectors}; ${whoIsThere(peer)}`);
      await Promise.race([end, tell(peer, most, report)]);
    };
  },
});

function describe(happening: Happening): string {
  if (happening.event === 'join')
    return `peer ${happening.peer} joined, vectors ${happening.vectors}`;
  if (happening.event === 'leave') return `peer ${happening.peer} left`;
  return `interrupt on vector ${happening.vector}, count ${happening.count}`;
}

/** Resolves when so many lines are out; rejects when they cannot be written. */
function tell(peer: Peer, most: number, report: Report): Promise<void> {
  return new Promise((resolve, reject) => {
    let left = most;
    const tellOne = async (happening: Happening): Promise<void> => {
      if (left === 0) return;
      left -= 1;
      const isLast = left === 0;
      await report(happening);
      if (isLast) resolve();
    };
    peer.on('join', ({ id, vectors }) => {
      tellOne({ event: 'join', peer: id, vectors }).catch(reject);
    });
    peer.on('leave', ({ id }) => {
      tellOne({ event: 'leave', peer: id }).catch(reject);
    });
    const tellInterrupts = async (): Promise<void> => {
      for await (const interrupt of peer.interrupts()) {
        await tellOne({ event: 'interrupt', ...interrupt });
      }
    };
    tellInterrupts().catch(reject);
  });
}

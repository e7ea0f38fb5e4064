// `ivshmem peer watch`: who comes, who goes, who rings, as it happens.
//
// Rule 1: a program learns all from standard output; what is there when it begins comes first.
import type { Peer } from '../../peer/peer.js';
import { integerIn } from '../flags.js';
import { print, printJson } from '../print.js';
import { text } from '../text-option.js';
import { whoIsThere } from './arguments.js';
import { jsonFlag, peerCommand } from './command.js';
import { serverEnd, stopSignal } from './self.js';
import { News, type Happening, type NewsReader } from './news.js';

export const watchCommand = peerCommand({
  command: 'watch',
  describe: 'Print joins, leaves and interrupts as they come, until stopped',
  positionals: {},
  flags: { count: text('Stop after so many of them', 'never'), ...jsonFlag },
  examples: [
    ['watch', 'Until Ctrl-C'],
    ['watch --json --count 1', 'Who is there, and the next thing that happens, for a program'],
  ],
  read: ({ count, json }) => {
    const most = count === undefined ? Infinity : integerIn('count', count, 1, 2 ** 31);
    return async (peer, socket) => {
      const end = Promise.race([stopSignal(), serverEnd(peer)]);
      console.error(`peer ${peer.id} of ${socket}, vectors ${peer.vectors}; ${whoIsThere(peer)}`);
      const begin = json ? printJson(beginningOf(peer)) : Promise.resolve();
      const told = tell(peer, most, json ? programOf(peer) : personOf(peer));
      await Promise.race([end, Promise.all([begin, told])]);
    };
  },
});

function describe(happening: Happening): string {
  if (happening.event === 'join')
    return `peer ${happening.peer} joined, vectors ${happening.vectors}`;
  if (happening.event === 'leave') return `peer ${happening.peer} left`;
  return `interrupt on vector ${happening.vector}, count ${happening.count}`;
}

function beginningOf(peer: Peer) {
  const { id, vectors, memorySize } = peer;
  return { event: 'welcome', peer: id, vectors, memorySize, peers: othersOf(peer) };
}

function othersOf({ peers }: Peer) {
  return [...peers].map(([peer, vectors]) => ({ peer, vectors }));
}

function programOf(peer: Peer): NewsReader {
  return {
    happened: printJson,
    missed: (count) => printJson({ event: 'missed', count, peers: othersOf(peer) }),
  };
}

function personOf(peer: Peer): NewsReader {
  return {
    happened: (happening) => print(`${describe(happening)}\n`),
    missed: (count) =>
      print(`${count} joins and leaves were missed: nobody read; ${whoIsThere(peer)}\n`),
  };
}

/** Resolves when so many lines are out; rejects when they cannot be written. */
function tell(peer: Peer, most: number, reader: NewsReader): Promise<void> {
  return new Promise((resolve, reject) => {
    const news = new News(firstOf(most, reader, resolve));
    const tellOne = (happening: Happening): void => {
      news.tell(happening).catch(reject);
    };
    peer.on('join', ({ id, vectors }) => tellOne({ event: 'join', peer: id, vectors }));
    peer.on('leave', ({ id }) => tellOne({ event: 'leave', peer: id }));
    const tellInterrupts = async (): Promise<void> => {
      for await (const interrupt of peer.interrupts()) {
        await news.tell({ event: 'interrupt', ...interrupt });
      }
    };
    tellInterrupts().catch(reject);
  });
}

/** Takes so many lines to the reader, and no more. */
function firstOf(most: number, { happened, missed }: NewsReader, onEnd: () => void): NewsReader {
  let left = most;
  const one = async (act: () => Promise<void>): Promise<void> => {
    if (left === 0) return;
    left -= 1;
    await act();
    if (left === 0) onEnd();
  };
  return {
    happened: (happening) => one(() => happened(happening)),
    missed: (count) => one(() => missed(count)),
  };
}

// `ivshmem peer ping`: how long a ring and its answer take.
import type { Peer } from '../../peer/peer.js';
import { CommandError } from '../exit.js';
import { integerIn } from '../flags.js';
import { print, printJson } from '../print.js';
import { text } from '../text-option.js';
import { checkPeer, checkVector, peerId, seconds, vectorNumber } from './arguments.js';
import { jsonFlag, peerCommand, required } from './command.js';
import { pingText, summarize, type PingSummary } from './ping-report.js';
import { stopSignal } from './self.js';
import { ping, type PingResult } from './pinger.js';

const PROGRESS_MS = 1_000;

export const pingCommand = peerCommand({
  command: 'ping <PEER>',
  describe: 'Measure round trips to a peer that runs: ivshmem peer echo',
  positionals: { PEER: required('The peer to ring') },
  flags: {
    count: text('How many rings', '1000'),
    vector: text('The vector of both', '0'),
    timeout: text('How long to wait for each answer, in seconds', '1'),
    ...jsonFlag,
  },
  examples: [
    ['ping 1', 'A thousand round trips to peer 1'],
    ['ping 1 --vector 2 --count 10 --json', 'Ten on vector 2, for a program'],
  ],
  read: ({ PEER, count, vector, timeout, json }) => {
    const id = peerId(PEER);
    const options = {
      id,
      vector: vectorNumber('vector', vector ?? '0'),
      count: integerIn('count', count ?? '1000', 1, 10_000_000),
      timeoutMs: seconds('timeout', timeout ?? '1'),
    };
    return async (peer) => {
      checkPeer(peer, id);
      checkVector(peer, id, 'vector', options.vector);
      const { onProgress, clear } = progress(options.count);
      const measured = await ping(peer, { ...options, signal: stopped(), onProgress });
      clear();
      const summary = summarize(measured.roundTripsMs, measured.lost);
      if (json) await printJson({ peer: id, vector: options.vector, ...summary });
      else await print(pingText(summary));
      checkAnswers(peer, id, summary);
    };
  },
});

function checkAnswers(peer: Peer, id: number, { sent, lost }: PingSummary): void {
  if (!peer.peers.has(id)) throw new CommandError(`peer ${id} has left after ${sent} rings`);
  if (sent === 0 || lost < sent) return;
  throw new CommandError(`peer ${id} answers nothing; run there: ivshmem peer echo`);
}

/** Ctrl-C ends it with what was measured so far. */
function stopped(): AbortSignal {
  const stop = new AbortController();
  void stopSignal().then(() => stop.abort());
  return stop.signal;
}

/** Shows on a terminal how far it is, every second; `clear` takes that away. */
function progress(count: number) {
  const { stderr } = process;
  let shownMs = performance.now();
  let isShown = false;
  const onProgress = ({ roundTripsMs, lost }: PingResult): void => {
    if (!stderr.isTTY || performance.now() - shownMs < PROGRESS_MS) return;
    shownMs = performance.now();
    isShown = true;
    stderr.write(`\r${roundTripsMs.length + lost} of ${count} rings, ${lost} lost `);
  };
  const clear = (): void => {
    if (isShown) stderr.write('\r\x1b[K');
  };
  return { onProgress, clear };
}

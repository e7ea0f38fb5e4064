// Many peers at once, until all know each other: our server, and a C program that can only send, before
// the same readers.
import { setTimeout as rest } from 'node:timers/promises';
import { Crowd } from '../crowd.js';
import { startSender, startServer } from '../daemon.js';
import type { Figures, Row, ServerPair, Stage } from '../pair.js';
import { compile } from '../program.js';

const ROUNDS = 5;
const QUICK_SHARE = 16;
const REST_MS = 700;
const CPU_AT_MOST = 1.25;
const WALL_AT_MOST = 1.15;
const FLAT_AT_MOST = 1.2;

type Start = typeof startServer;

/** Nanoseconds of the server's processors per message, and of the wall for all of them. */
async function crowd(start: Start, peers: number, vectors: number, stage: Stage): Promise<Figures> {
  const { directory, isQuick } = stage;
  await using daemon = await start({ directory, vectors });
  await rest(REST_MS);
  const load = await compile('load', directory);
  await using peerCrowd = new Crowd(load, daemon.socket, vectors);
  const before = daemon.cpuNs;
  const { wallNs, messages } = await peerCrowd.join(
    isQuick ? Math.ceil(peers / QUICK_SHARE) : peers,
  );
  await rest(REST_MS);
  return [(daemon.cpuNs - before) / messages, wallNs];
}

function fanOut(peers: number, vectors: number): ServerPair {
  const against = 'bare C sender';
  const size = `${peers} peers × ${vectors} vectors`;
  const rows: Row[] = [
    { what: `${size}: CPU per message`, against, atMost: CPU_AT_MOST },
    { what: `${size}: all know each other`, against, atMost: WALL_AT_MOST },
  ];
  return {
    rows,
    rounds: ROUNDS,
    ours: (stage) => crowd(startServer, peers, vectors, stage),
    baseline: (stage) => crowd(startSender, peers, vectors, stage),
  };
}

const flat: ServerPair = {
  rows: [
    {
      what: '1,000 peers × 4 vectors: CPU per message',
      against: 'our own 64 × 16',
      atMost: FLAT_AT_MOST,
    },
  ],
  rounds: 3,
  ours: (stage) => crowd(startServer, 1000, 4, stage),
  baseline: (stage) => crowd(startServer, 64, 16, stage),
};

export const pairs = {
  '64x8': fanOut(64, 8),
  '64x16': fanOut(64, 16),
  '256x8': fanOut(256, 8),
  '1000x4': fanOut(1000, 4),
  flat,
};

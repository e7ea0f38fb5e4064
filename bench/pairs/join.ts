// One newcomer on an idle server: the first one ever, and one of many. It calls itself a QEMU, so that
// ours looks at it as closely as at one.
import { setTimeout as rest } from 'node:timers/promises';
import { Crowd } from '../crowd.js';
import { startSender, startServer } from '../daemon.js';
import { median } from '../measure.js';
import type { Figures, ServerPair, Stage } from '../pair.js';
import { compile } from '../program.js';

const VECTORS = 4;
const REST_MS = 700;
const PAUSE_MS = 3;
const WARM_JOINS = 200;
const QUICK_WARM_JOINS = 2;

async function joins(start: typeof startServer, { directory, isQuick }: Stage): Promise<Figures> {
  await using daemon = await start({ directory, vectors: VECTORS });
  const load = await compile('load', directory, 'qemu-system-load');
  await using newcomers = new Crowd(load, daemon.socket, VECTORS);
  await rest(REST_MS);
  const { wallNs: first } = await newcomers.join(1);
  const times: number[] = [];
  for (let count = 0; count < (isQuick ? QUICK_WARM_JOINS : WARM_JOINS); count += 1) {
    await newcomers.leave(count, count + 1);
    await rest(PAUSE_MS);
    times.push((await newcomers.join(1)).wallNs);
  }
  return [first, median(times.slice(times.length / 2))];
}

const pair: ServerPair = {
  rows: [
    { what: 'first join', against: 'minimal C server', atMost: 3 },
    { what: 'a later join', against: 'minimal C server', atMost: 1.5 },
  ],
  rounds: 11,
  ours: (stage) => joins(startServer, stage),
  baseline: (stage) => joins(startSender, stage),
};

export const pairs = { join: pair };

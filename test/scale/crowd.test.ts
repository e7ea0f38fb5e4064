// As many peers as there can be, and all know each other.
import t from 'tap';
import type { Taken } from '../../bench/crowd.js';
import type { Daemon } from '../../bench/daemon.js';
import { need } from '../helper/need.js';
import { figure, MiB, openScene, sized } from './scale.js';

const MOST_RSS = 128 * MiB;

const crowds = sized(
  [
    [60, 16],
    [250, 1],
  ],
  [
    [1000, 16],
    [4000, 1],
  ],
) as readonly (readonly [peers: number, vectors: number])[];

for (const [peers, vectors] of crowds) {
  t.test(`${peers} peers × ${vectors} vectors: all are told everything`, need('cc'), async (t) => {
    const { daemon, crowd } = await openScene(t, { vectors });
    const { wallNs, messages } = await crowd.join(peers);
    t.equal(messages, peers * (3 + peers * vectors), 'and nothing twice');
    const { highest } = daemon.rssBytes;
    t.ok(highest <= MOST_RSS, `${(highest / MiB).toFixed(0)} MiB`);
    figure(`${peers} × ${vectors}: ${costs(daemon, { wallNs, messages })}`);
  });
}

t.test('as many peers as the limit of descriptors admits', need('cc'), async (t) => {
  const limit = sized(600, 20_000);
  const before = ['prlimit', `--nofile=${limit}:${limit}`];
  const { daemon, crowd } = await openScene(t, { vectors: 1, before });
  const { maxPeers } = daemon;
  t.ok(maxPeers > limit / 2 - 100, `${maxPeers} of ${limit}`);
  const { wallNs, messages } = await crowd.join(maxPeers);
  t.equal(messages, maxPeers * (3 + maxPeers));
  const { highest } = daemon.rssBytes;
  t.ok(highest <= MOST_RSS, `${(highest / MiB).toFixed(0)} MiB`);
  figure(`${maxPeers} × 1: ${costs(daemon, { wallNs, messages })}`);
  // Who comes now is refused, and that harms nobody.
  await t.rejects(crowd.join(1), { message: /version -87/ });
});

t.test('an idle server makes no system call', need('cc'), async (t) => {
  const { daemon, crowd } = await openScene(t, { vectors: 1 });
  const windowMs = sized(2_000, 10_000);
  await crowd.join(sized(100, 1_000));
  // V8 tidies up for a while behind so much work.
  for (let left = 30; ; left -= 1) {
    const before = daemon.switches;
    await new Promise((resolve) => setTimeout(resolve, windowMs));
    const switches = daemon.switches - before;
    if (switches > 0 && left > 0) continue;
    t.equal(switches, 0, `in ${windowMs / 1_000} s no thread of it had a processor`);
    return;
  }
});

function costs(daemon: Daemon, { wallNs, messages }: Taken): string {
  const seconds = (wallNs / 1e9).toFixed(1);
  const cpu = (daemon.cpuNs / messages).toFixed(0);
  const rss = (daemon.rssBytes.highest / MiB).toFixed(0);
  return `${messages} messages, ${seconds} s, ${cpu} ns of CPU a message, at most ${rss} MiB resident`;
}

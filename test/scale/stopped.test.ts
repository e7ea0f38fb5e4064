// Half of the peers are stopped, VMs at a breakpoint, while the other half comes and goes. The stopped
// ones cost next to nothing, hold nobody up, and miss nothing when they go on.
import t from 'tap';
import { asUser } from '../helper/as-user.js';
import { need } from '../helper/need.js';
import { figure, MiB, openScene, sized, type SceneOptions } from './scale.js';

const STOPPED = sized(40, 500);
const OTHERS = sized(40, 500);
const ROUNDS = sized(5, 20);
const VECTORS = 1;
const MOST_GROWTH = 16 * MiB;
const LIMIT = 20_000;
const ORDINARY = 65_534;

const servers: Readonly<Record<string, SceneOptions>> = {
  root: { vectors: VECTORS },
  'an ordinary user': {
    vectors: VECTORS,
    uid: ORDINARY,
    before: ['prlimit', `--nofile=${LIMIT}:${LIMIT}`, ...asUser(ORDINARY)],
  },
};

for (const [user, options] of Object.entries(servers)) {
  const title = `${STOPPED} stopped, ${OTHERS} that come and go ${ROUNDS} times, the server ${user}'s`;
  t.test(title, need('cc', 'root'), async (t) => {
    const { daemon, crowd } = await openScene(t, options);
    await crowd.join(STOPPED + OTHERS);
    await crowd.leave(STOPPED, STOPPED + OTHERS);
    await crowd.settle();
    const { wallNs: free } = await crowd.join(OTHERS);
    let next = STOPPED + OTHERS;
    await crowd.stop(0, STOPPED);
    const before = daemon.rssBytes.now;
    let highest = before;
    let slowest = 0;
    for (let round = 0; round < ROUNDS; round += 1) {
      await crowd.leave(next, next + OTHERS);
      next += OTHERS;
      slowest = Math.max(slowest, (await crowd.join(OTHERS)).wallNs);
      highest = Math.max(highest, daemon.rssBytes.now);
    }
    const growth = highest - before;
    const mib = (growth / MiB).toFixed(1);
    t.ok(growth <= MOST_GROWTH, `the server grew by ${mib} MiB`);
    await crowd.go(0, STOPPED);
    const { messages } = await crowd.settle();
    t.ok(messages >= STOPPED * OTHERS, 'who goes on is told of all who are there');
    figure(
      `${user}: all others join in ${ms(free)} before, at most ${ms(slowest)} meanwhile, ${mib} MiB more`,
    );
  });
}

function ms(nanoseconds: number): string {
  return `${(nanoseconds / 1e6).toFixed(0)} ms`;
}

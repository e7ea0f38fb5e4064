// The server under random joins, leaves, stalls and kills, watched by strict peers: most of the
// confidence that no VM is harmed and that nothing announced is lost comes from here.
import t from 'tap';
import { Crowd } from '../helper/crowd.js';
import { Random } from '../helper/random.js';
import { Region } from '../helper/region.js';
import { until } from '../helper/until.js';

// 21,000 together. The last takes five times the messages of the first.
const runs = [
  { vectors: 1, steps: 9_000 },
  { vectors: 2, steps: 7_000 },
  { vectors: 5, steps: 5_000 },
];
const most = 100;

const random = new Random();
t.comment(String(random));
let full = 0;
let peak = 0;
let visits = 0;

for (const { vectors, steps } of runs) {
  t.test(`${vectors} vectors: every peer knows exactly who is there`, async (t) => {
    const region = await Region.listenWithHost(t, { vectors });
    const { server, refusals } = region;
    server.on('error', (error) => {
      t.error(error);
    });
    const { socket, hostSocket } = server;
    const crowd = new Crowd(t, { socket, hostSocket, vectors, random, most });
    const present = (): number[] => region.present;
    let step = 0;
    try {
      for (; step < steps; step += 1) {
        crowd.step();
        // Several acts in one turn of the server's loop, sometimes: who came has gone at once.
        if (!random.oneIn(4)) await turn();
        crowd.read();
      }
      await until('the server knows who left', () => server.peers.length === crowd.size);
      await crowd.settle(present);
      crowd.resumeAll();
      await crowd.settle(present);
    } catch (error) {
      throw new Error(`step ${step} with ${vectors} vectors, ${String(random)}`, { cause: error });
    }
    const attached = server.peers.map(({ id }) => id).sort((a, b) => a - b);
    t.same(crowd.ids, attached, 'and the server knows them');
    t.same(crowd.deaf(), [], 'every doorbell rings its owner, and it alone');
    const others = refusals.filter(({ reason }) => reason !== 'data');
    t.same(others, [], 'only who sends garbage is refused');
    peak = Math.max(peak, crowd.peak);
    full += crowd.full;
    visits += crowd.visits;
    t.ok(region.slots.size <= 16, `${region.slots.size} slots for ${crowd.visits} visits`);
  });
}

t.test('the steps went far enough', async (t) => {
  t.equal(peak, most);
  t.ok(full > 0, 'some sockets were full');
  t.ok(visits > 1_000, 'many came to a slot');
  t.comment(`${full} full sockets, ${visits} visits`);
});

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

// VMs that have a name, some with a fixed ID, beside others that have none: all come, stall and go at
// random, watched by strict peers.
//
// Rule 1: what is there and in which order is known from the server's events alone: who joins first, and
//         who without a name leaves. A VM that goes or comes back is no news.
import t from 'tap';
import type { RegionPeer } from '../../src/index.js';
import { Random } from '../helper/random.js';
import type { StrictPeer } from '../helper/strict-peer.js';
import { until } from '../helper/until.js';
import { VmScene, vectors } from '../helper/vm-scene.js';

const steps = 4_000;
const most = 40;
const random = new Random();
t.comment(String(random));

// Low ones, where others come, the first, the last, and some without.
const ids = [0, 3, 17, 18, 900, 40_000, 65_535, undefined, undefined, undefined];
const vms = Object.fromEntries(ids.map((id, index) => [`vm${index}`, { id }]));
const names = Object.keys(vms);

/** Who is in the log, in its order, and who is there. */
class Truth {
  readonly log: number[] = [];
  readonly #kept = new Map<string, number>();
  readonly wrong: string[] = [];

  constructor({ server }: VmScene['region'], witness: number) {
    this.log.push(witness);
    server.on('join', (peer) => {
      this.#joined(peer);
    });
    server.on('leave', ({ id, name }) => {
      if (name === undefined) this.log.splice(this.log.indexOf(id), 1);
    });
  }

  #joined({ id, name }: RegionPeer): void {
    const known = name === undefined ? undefined : this.#kept.get(name);
    const fixed = name === undefined ? undefined : ids[names.indexOf(name)];
    if (known !== undefined && known !== id) this.wrong.push(`${name} was ${known} and is ${id}`);
    if (fixed !== undefined && fixed !== id) this.wrong.push(`${name} is not ${fixed}, but ${id}`);
    if (name === undefined && ids.includes(id)) this.wrong.push(`${id} is not for everybody`);
    if (known === undefined) this.log.push(id);
    if (name !== undefined) this.#kept.set(name, id);
  }
}

/** Whether it knows exactly these, each complete, and those but itself in this order. */
function knows({ told, id }: StrictPeer, log: readonly number[]): boolean {
  const others = [...told.keys()].filter((other) => other !== id);
  const expected = log.filter((other) => other !== id);
  return (
    told.size === log.length &&
    [...told.values()].every((count) => count === vectors) &&
    others.every((other, index) => other === expected[index])
  );
}

t.test(`${steps} random steps: everybody knows exactly who has a slot`, async (t) => {
  const scene = await VmScene.open(t, vms);
  const { region, witness } = scene;
  const truth = new Truth(region, witness.id);
  const there = new Map<StrictPeer, string>();
  const stalled = new Set<StrictPeer>();
  let returns = 0;
  region.server.on('join', ({ name }) => (returns += name === undefined ? 0 : 1));

  const come = async (): Promise<void> => {
    const name = random.oneIn(3) ? 's' : random.pick(names)!;
    const peer = scene.connect(name);
    if (name === 's' || ![...there.values()].includes(name)) there.set(peer, name);
    else await refused(peer);
    if (there.has(peer) && random.oneIn(3)) stalled.add(peer);
  };
  // Before the owner can go.
  const refused = async (peer: StrictPeer): Promise<void> => {
    await until('it is told', () => peer.read() > 0);
    t.equal(peer.refusal, -98);
    peer.close();
  };
  const go = (peer: StrictPeer): void => {
    if (random.oneIn(2)) peer.read(random.below(120));
    peer.close();
    there.delete(peer);
    stalled.delete(peer);
  };
  const readAll = (): void => {
    for (const peer of [witness, ...there.keys()]) if (!stalled.has(peer)) peer.read();
  };
  try {
    for (let step = 0; step < steps; step += 1) {
      const peer = random.pick([...there.keys()]);
      if (peer === undefined || (there.size < most && random.oneIn(3))) await come();
      else if (random.oneIn(3)) go(peer);
      else if (random.oneIn(2)) stalled.delete(peer);
      // Several acts in one turn of the server's loop, sometimes.
      if (!random.oneIn(3)) await new Promise((resolve) => setImmediate(resolve));
      readAll();
    }
    stalled.clear();
    await until('everybody knows', () => {
      readAll();
      const all = [witness, ...there.keys()];
      return all.every((peer) => knows(peer, truth.log));
    });
  } catch (error) {
    throw new Error(String(random), { cause: error });
  }
  t.same(truth.wrong, []);
  t.ok(returns > 300, `${returns} comings of VMs`);
  t.same([...new Set(region.refusals.map(({ reason }) => reason))], ['taken']);
  for (const id of truth.log) witness.ring(id, 1);
  for (const peer of [witness, ...there.keys()])
    if (peer.heard()[1] !== 1) t.fail(`${peer.id} did not hear the witness`);
});

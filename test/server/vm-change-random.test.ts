// The list of VMs becomes another one, hundreds of times, while peers with and without names come, stall and
// go at random, watched by strict peers.
//
// Rule 1: what is there and in which order is known from the server's events, and from what its list of VMs is
//         after a change. What a change had to do is judged by what was asked, and by what it says.
import { existsSync } from 'node:fs';
import t from 'tap';
import type { RegionPeer, RegionVm } from '../../src/index.js';
import type { Unchanged } from '../../src/server/change.js';
import { Random } from '../helper/random.js';
import type { StrictPeer } from '../helper/strict-peer.js';
import { until } from '../helper/until.js';
import { nextList, sockets } from '../helper/vm-lists.js';
import { VmScene, vectors, type Vms } from '../helper/vm-scene.js';

const changes = 400;
const stepsEach = 20;
const most = 14;
const random = new Random();
t.comment(String(random));

/** Who is in the log, in its order. */
class Truth {
  readonly log: number[] = [];
  readonly kept = new Map<string, number>();
  readonly #scene: VmScene;
  left = 0;

  constructor(scene: VmScene) {
    this.#scene = scene;
    this.log.push(scene.witness.id);
    scene.region.server.on('join', (peer) => {
      this.#joined(peer);
    });
    scene.region.server.on('leave', ({ id, name }) => {
      if (name === undefined) this.#remove(id);
    });
  }

  /** Those that are gone from the list, or have another ID, have left. */
  changed(vms: readonly RegionVm[]): void {
    for (const [name, id] of this.kept) {
      if (vms.some((vm) => vm.name === name && vm.id === id)) continue;
      this.kept.delete(name);
      this.#remove(id);
      this.left += 1;
    }
  }

  #joined({ id, name }: RegionPeer): void {
    const known = name === undefined ? undefined : this.kept.get(name);
    if (known === id) return;
    if (known !== undefined) this.#remove(known); // it changed in the same turn
    this.#scene.ledger.forget(id);
    this.log.push(id);
    if (name !== undefined) this.kept.set(name, id);
  }

  #remove(id: number): void {
    this.log.splice(this.log.indexOf(id), 1);
  }
}

/** What is wrong with what a change made of a list. */
function faults(
  scene: VmScene,
  asked: Vms,
  before: readonly RegionVm[],
  unchanged: readonly Unchanged[],
): string[] {
  const { vms } = scene.region.server;
  const refused = new Set(unchanged.map((one) => (one.option === 'vms' ? one.vm : one.option)));
  const wrong: string[] = [];
  for (const [name, { id, socket }] of Object.entries(asked)) {
    const vm = vms.find((one) => one.name === name);
    const was = before.find((one) => one.name === name);
    if (refused.has(name)) {
      if (vm?.id !== was?.id || (vm === undefined) !== (was === undefined))
        wrong.push(`${name} was refused, and changed`);
    } else if (vm === undefined || (id !== undefined && vm.id !== id)) {
      wrong.push(`${name} is not as asked`);
    } else if (socket !== undefined && !existsSync(scene.socketOf(socket))) {
      wrong.push(`${name} has no ${socket}`);
    }
  }
  for (const { name, peer } of vms)
    if (!(name in asked) && !(refused.has(name) && peer)) wrong.push(`${name} did not go`);
  const order = Object.keys(asked).filter((name) => vms.some((vm) => vm.name === name));
  if (String(vms.slice(0, order.length).map(({ name }) => name)) !== String(order))
    wrong.push('the order is another');
  return wrong;
}

/** Whether it knows exactly these, each complete, and those but itself in this order. */
function knows({ told, id }: StrictPeer, log: readonly number[]): boolean {
  const others = [...told.keys()].filter((other) => other !== id);
  const expected = log.filter((other) => other !== id);
  const isComplete = [...told.values()].every((count) => count === vectors);
  return isComplete && told.has(id) && String(others) === String(expected);
}

t.test(`${changes} changes of the list: everybody knows exactly who has a slot`, async (t) => {
  const scene = await VmScene.open(t, {});
  const { region, witness } = scene;
  const truth = new Truth(scene);
  const there = new Set<StrictPeer>();
  const stalled = new Set<StrictPeer>();
  const codes = new Set<number>();
  let refusals = 0;

  const come = (): void => {
    const open = sockets.filter((socket) => existsSync(scene.socketOf(socket)));
    const peer = scene.connect(random.oneIn(3) ? 's' : (random.pick(open) ?? 's'));
    there.add(peer);
    if (random.oneIn(3)) stalled.add(peer);
  };
  const go = (peer: StrictPeer): void => {
    if (random.oneIn(2)) peer.read(random.below(120));
    peer.close();
    there.delete(peer);
    stalled.delete(peer);
  };
  const readAll = (): void => {
    witness.read();
    for (const peer of there) {
      if (stalled.has(peer)) continue;
      peer.read();
      if (peer.refusal === undefined) continue;
      codes.add(peer.refusal);
      go(peer);
    }
  };
  const step = async (): Promise<void> => {
    const peer = random.pick([...there]);
    if (peer === undefined || (there.size < most && random.oneIn(2))) come();
    else if (random.oneIn(2)) go(peer);
    else if (random.oneIn(2)) stalled.delete(peer);
    if (!random.oneIn(3)) await new Promise((resolve) => setImmediate(resolve));
    if (random.oneIn(2)) readAll();
  };
  const change = (vms: Vms): void => {
    const before = region.server.vms;
    const unchanged = scene.change(vms);
    truth.changed(region.server.vms);
    const wrong = faults(scene, vms, before, unchanged);
    if (wrong.length > 0) throw new Error(wrong.join(', '));
    refusals += unchanged.length;
  };
  try {
    let vms: Vms = {};
    for (let count = 0; count < changes; count += 1) {
      vms = nextList(vms, random);
      // In one turn of the server's loop with the change.
      if (random.oneIn(2)) come();
      change(vms);
      for (let each = 0; each < stepsEach; each += 1) await step();
    }
    stalled.clear();
    await until('everybody knows', () => {
      readAll();
      const all = [witness, ...there];
      return (
        region.server.peers.length === all.length && all.every((peer) => knows(peer, truth.log))
      );
    });
  } catch (error) {
    throw new Error(String(random), { cause: error });
  }
  t.ok(truth.left > 50, `${truth.left} slots went`);
  t.ok(refusals > 100, `${refusals} VMs were refused`);
  t.ok(codes.has(-98) && codes.has(-108), 'somebody came too late');
  t.same([...codes].filter((code) => ![-98, -108].includes(code)), []); // prettier-ignore
  for (const id of truth.log) witness.ring(id, 1);
  for (const peer of [witness, ...there])
    if (peer.heard()[1] !== 1) t.fail(`${peer.id} did not hear the witness`);
});

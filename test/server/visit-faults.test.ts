// Every kernel call of a visit fails once in every way, when its slot has to be made and when it is
// there. The visitor is refused or waits; the others are told of the slot once, or not at all.
import t, { type Test } from 'tap';
import { descriptorCount } from '../../native/descriptor-limit.js';
import { errno } from '../../native/system-error.js';
import { isCountedInFlight } from '../../src/server/in-flight.js';
import { failing, type CallName } from '../helper/fault.js';
import {
  codes,
  joinOutcomes,
  outcomeOf,
  Scene,
  vectors,
  type Code,
  type Outcomes,
} from '../helper/join-scene.js';
import { until } from '../helper/until.js';

const ofFirst: Outcomes = {
  ...joinOutcomes,
  // Whose name cannot be told does not ask, but visits.
  getpeername: () => 'joined',
};
const ofReturn: Outcomes = {
  ...ofFirst,
  // The doorbells are drained: EAGAIN is that nobody rang.
  preadv2: (code) => (code === 'EAGAIN' ? 'joined' : 'refused'),
};
delete ofReturn.eventfd;
delete ofReturn.ioctl; // nobody else is told anything
const slots: Readonly<Record<string, { isThere: boolean; expected: Outcomes }>> = {
  'that has to be made': { isThere: false, expected: ofFirst },
  'that is there': { isThere: true, expected: ofReturn },
};

/** Two peers; and a slot without owner, if there is to be one. */
async function open(t: Test, isThere: boolean): Promise<Scene> {
  const scene = await Scene.open(t);
  if (!isThere) return scene;
  const visitor = scene.connect(t, { isVisitor: true });
  await scene.know(3);
  await until('it is in', () => outcomeOf(visitor) === 'joined');
  visitor.close();
  await scene.region.left(1);
  return scene;
}

interface Case {
  readonly isThere: boolean;
  readonly expected: Outcomes;
  readonly name: CallName;
  readonly code: Code;
  readonly call: number;
}

async function check(t: Test, { isThere, expected, name, code, call }: Case): Promise<void> {
  const what = `call ${call + 1}`;
  const scene = await open(t, isThere);
  // A slot that is made stays: in the server, and with the two.
  const descriptors = descriptorCount('self')! + (isThere ? 0 : 3 * vectors);
  const fault = failing(t, name, code, { after: call, times: 1 });
  const visitor = scene.connect(t, { isVisitor: true });
  const outcome = await until('it is refused or joins', () => outcomeOf(visitor));
  fault.restore();
  t.equal(outcome, expected[name]?.(code, call), what);
  if (outcome === 'refused') {
    t.equal(visitor.refusal, -errno[code], what);
    t.equal(scene.news(), 0, `${what}: nobody else is told`);
  }
  visitor.close();
  await until('nobody has a slot', () => scene.region.server.peers.length === 2);

  const next = scene.connect(t, { isVisitor: true });
  await until('the next one joins', () => outcomeOf(next) === 'joined');
  t.equal(next.id, 2, `${what}: no ID is lost`);
  await scene.know(3);
  next.close();
  await until(`${what}: nothing leaks`, () => descriptorCount('self') === descriptors);
  t.equal(scene.news(), 0, `${what}: that it left is news to nobody`);
  t.ok(scene.rings(), 'the others ring each other all the while');
  await scene.region.server.close();
}

for (const [slot, { isThere, expected }] of Object.entries(slots)) {
  const calls = Object.keys(expected) as CallName[];
  const counts = new Map<CallName, number>();

  t.test(`a slot ${slot}: no other call belongs to a visit`, async (t) => {
    const scene = await open(t, isThere);
    for (const [name, count] of await scene.countCalls(t, { isVisitor: true })) {
      if (count > 0) counts.set(name, count);
    }
    const known = calls.filter((name) => name !== 'ioctl' || isCountedInFlight());
    t.same([...counts.keys()].sort(), known.sort());
  });

  for (const name of calls) {
    t.test(`a slot ${slot}: ${name} fails`, async (t) => {
      for (const code of codes) {
        if (expected[name]?.(code, 0) === 'gone') continue;
        for (let call = 0; call < (counts.get(name) ?? 0); call += 1) {
          await check(t, { isThere, expected, name, code, call });
        }
      }
      t.pass(`${counts.get(name) ?? 0} calls`);
    });
  }
}

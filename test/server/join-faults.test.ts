// Every kernel call of a join fails in every way, once and for as long as it takes to see that the
// server does not give up. The newcomer is refused or waits; the others are told all of it or nothing.
import t, { type Test } from 'tap';
import { descriptorCount } from '../../native/descriptor-limit.js';
import { errno } from '../../native/system-error.js';
import { isCountedInFlight } from '../../src/server/in-flight.js';
import { failing, type CallName } from '../helper/fault.js';
import { codes, joinOutcomes, outcomeOf, Scene, type Code } from '../helper/join-scene.js';
import { until } from '../helper/until.js';

const calls = Object.keys(joinOutcomes) as CallName[];

interface Case {
  readonly name: CallName;
  readonly code: Code;
  /** Which call of the join is the first to fail. */
  readonly call: number;
  readonly times: number;
}

/** One join while the call fails, and its end; what was open before is open after it, no more. */
async function check(t: Test, scene: Scene, { name, code, call, times }: Case): Promise<void> {
  const what = `call ${call + 1}, ${times === 1 ? 'once' : 'for a while'}`;
  const descriptors = descriptorCount('self');
  const fault = failing(t, name, code, { after: call, times });
  const newcomer = scene.connect(t);
  await until('the call failed often enough, or not at all', () => {
    return outcomeOf(newcomer) !== undefined || fault.calls > call + 3;
  });
  if (times > 1) fault.restore();
  const outcome = await until('the newcomer is refused or joins', () => outcomeOf(newcomer));
  fault.restore();

  if (times === 1) t.equal(outcome, joinOutcomes[name]?.(code, call), what);
  if (outcome === 'refused') t.equal(newcomer.refusal, -errno[code], what);
  if (outcome === 'refused') t.equal(scene.news(), 0, `${what}: nobody else is told`);
  else await scene.know(3);
  newcomer.close();
  await scene.know(2);
  await until(`${what}: nothing leaks`, () => descriptorCount('self') === descriptors);
}

const counts = new Map<CallName, number>();

t.test('no other call belongs to a join', async (t) => {
  for (const [name, count] of await (await Scene.open(t)).countCalls(t))
    if (count > 0) counts.set(name, count);
  const known = calls.filter((name) => name !== 'ioctl' || isCountedInFlight());
  t.same([...counts.keys()].sort(), known.sort());
});

for (const name of calls) {
  for (const code of codes) {
    if (joinOutcomes[name]?.(code, 0) === 'gone') continue;
    t.test(`${name} fails with ${code}`, async (t) => {
      const scene = await Scene.open(t);
      for (let call = 0; call < (counts.get(name) ?? 0); call += 1) {
        for (const times of [1, Infinity]) await check(t, scene, { name, code, call, times });
      }
      t.ok(scene.rings(), 'the others ring each other all the while');
    });
  }
}

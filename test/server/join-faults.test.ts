// Every kernel call of a join fails in every way, once and for as long as it takes to see that the
// server does not give up. The newcomer is refused or waits; the others are told all of it or nothing.
import t, { type Test } from 'tap';
import { descriptorCount } from '../../native/descriptor-limit.js';
import { libc } from '../../native/libc.js';
import { errno } from '../../native/system-error.js';
import { isCountedInFlight } from '../../src/server/in-flight.js';
import { failing, type CallName } from '../helper/fault.js';
import { Ledger } from '../helper/ledger.js';
import { Region } from '../helper/region.js';
import { StrictPeer } from '../helper/strict-peer.js';
import type { Scope } from '../helper/temp.js';
import { until } from '../helper/until.js';

const codes = [
  'EMFILE',
  'ENFILE',
  'ENOMEM',
  'EAGAIN',
  'ENOBUFS',
  'ETOOMANYREFS',
  'EPIPE',
  'ECONNRESET',
] as const;
type Code = (typeof codes)[number];

/** What becomes of a newcomer; a connection without an end does not become anything. */
type Outcome = 'refused' | 'joined' | 'gone';

/** The server's calls of a join, and what becomes of the newcomer when one of them fails once. */
const expected: Partial<Record<CallName, (code: Code, call: number) => Outcome>> = {
  // Out of descriptors, the spare one serves to say so. The second call finds the queue empty.
  accept4: (code, call) =>
    (code === 'EMFILE' || code === 'ENFILE') && call === 0 ? 'refused' : 'joined',
  // The kernel says ECONNRESET of nobody who is still there.
  recv: (code) => (code === 'ECONNRESET' ? 'gone' : 'joined'),
  getsockopt: () => 'refused',
  prlimit: () => 'refused',
  eventfd: () => 'refused',
  sendmmsg: () => 'joined',
  // Of an ordinary user only (the ordinary user's test runs this file): how much has been read.
  ioctl: () => 'joined',
};
const calls = Object.keys(expected) as CallName[];
/** Calls that a strict peer makes itself, and `close`, whose errors nobody can act upon. */
const ofPeers = ['socket', 'connect', 'recvmsg', 'close'];

const vectors = 3;

/** A region with two peers, who must not notice. */
class Scene {
  readonly region: Region;
  readonly #attached: readonly StrictPeer[];
  readonly #ledger: Ledger;

  private constructor(region: Region, attached: readonly StrictPeer[], ledger: Ledger) {
    this.region = region;
    this.#attached = attached;
    this.#ledger = ledger;
  }

  static async open(t: Scope): Promise<Scene> {
    const region = await Region.listen(t, { vectors });
    const options = { vectors, ledger: new Ledger(), rings: true };
    const a = await StrictPeer.join(t, region.socket, options);
    const b = await StrictPeer.join(t, region.socket, options);
    const scene = new Scene(region, [a, b], options.ledger);
    await scene.know(2);
    return scene;
  }

  connect(t: Scope): StrictPeer {
    const peer = StrictPeer.connect(this.region.socket, { vectors, ledger: this.#ledger });
    t.teardown(() => {
      peer.close();
    });
    return peer;
  }

  /** Resolves when both have been told of so many peers, complete. */
  async know(count: number): Promise<void> {
    await until(`all know ${count} peers`, () => {
      for (const peer of this.#attached) peer.read();
      return this.#attached.every(
        ({ told }) => told.size === count && [...told.values()].every((told) => told === vectors),
      );
    });
  }

  /** Messages that came to both since they last read. */
  news(): number {
    return this.#attached.reduce((sum, peer) => sum + peer.read(), 0);
  }

  /** Whether each can ring both. */
  rings(): boolean {
    for (const from of this.#attached) for (const { id } of this.#attached) from.ring(id, 0);
    return this.#attached.every((peer) => peer.heard()[0] === this.#attached.length);
  }
}

function outcomeOf(peer: StrictPeer): Outcome | undefined {
  peer.read();
  if (peer.isWelcomed) return 'joined';
  if (!peer.isOver) return undefined;
  return peer.refusal === undefined ? 'gone' : 'refused';
}

async function countCalls(t: Scope): Promise<Map<CallName, number>> {
  const scene = await Scene.open(t);
  const names = (Object.keys(libc) as CallName[]).filter((name) => !ofPeers.includes(name));
  const faults = names.map((name) => failing(t, name, 'EAGAIN', { after: Infinity }));
  const newcomer = scene.connect(t);
  await until('the newcomer joins', () => outcomeOf(newcomer) === 'joined');
  await scene.know(3);
  return new Map(names.map((name, index) => [name, faults[index]!.calls]));
}

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

  if (times === 1) t.equal(outcome, expected[name]?.(code, call), what);
  if (outcome === 'refused') t.equal(newcomer.refusal, -errno[code], what);
  if (outcome === 'refused') t.equal(scene.news(), 0, `${what}: nobody else is told`);
  else await scene.know(3);
  newcomer.close();
  await scene.know(2);
  await until(`${what}: nothing leaks`, () => descriptorCount('self') === descriptors);
}

const counts = new Map<CallName, number>();

t.test('no other call belongs to a join', async (t) => {
  for (const [name, count] of await countCalls(t)) if (count > 0) counts.set(name, count);
  const known = calls.filter((name) => name !== 'ioctl' || isCountedInFlight());
  t.same([...counts.keys()].sort(), known.sort());
});

for (const name of calls) {
  for (const code of codes) {
    if (expected[name]?.(code, 0) === 'gone') continue;
    t.test(`${name} fails with ${code}`, async (t) => {
      const scene = await Scene.open(t);
      for (let call = 0; call < (counts.get(name) ?? 0); call += 1) {
        for (const times of [1, Infinity]) await check(t, scene, { name, code, call, times });
      }
      t.ok(scene.rings(), 'the others ring each other all the while');
    });
  }
}

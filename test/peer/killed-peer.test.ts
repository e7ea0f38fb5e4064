// A peer process that is killed by SIGKILL during its handshake harms nobody.
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { Child } from '../helper/child.js';
import { Ledger } from '../helper/ledger.js';
import { Region } from '../helper/region.js';
import { StrictPeer } from '../helper/strict-peer.js';
import { until } from '../helper/until.js';

const program = fileURLToPath(new URL('../helper/reading-peer.js', import.meta.url));
// Version, ID, memory, two strict peers and itself with one vector each.
const BYTES = 6 * 8;
// At the middle and at the end of each message: a program costs a processor a quarter of a second.
const STEP = 4;
const PROGRAMS = BYTES / STEP + 1;

interface Scene {
  readonly region: Region;
  readonly peers: readonly [StrictPeer, StrictPeer];
}

/** A region with two peers who must not notice more than joins and leaves. */
async function open(t: Test): Promise<Scene> {
  const region = await Region.listen(t, { vectors: 1 });
  const options = { vectors: 1, ledger: new Ledger(), rings: true };
  const first = await StrictPeer.join(t, region.socket, options);
  return { region, peers: [first, await StrictPeer.join(t, region.socket, options)] };
}

/** Starts a program that joins once for each number of bytes, and kills it when it has read them. */
async function kill(t: Test, { region }: Scene, counts: readonly number[]): Promise<void> {
  const argv = [process.execPath, program, region.socket, ...counts.map(String)];
  const child = new Child(t, argv);
  await once(child.stdout, 'data');
  child.kill('SIGKILL');
  t.match(await child.exit, { signal: 'SIGKILL' });
}

/** Whether all that they noticed were so many joins and leaves. */
async function check(t: Test, { region, peers }: Scene, joins: number): Promise<void> {
  await region.left(joins);
  t.equal(region.joins, 2 + joins);
  await until('both strict peers know each other alone', () =>
    peers.every((peer) => {
      // Throws at a second join or leave of an ID, at anything after its leave.
      peer.read();
      return peer.told.size === 2 && peer.told.get(0) === 1 && peer.told.get(1) === 1;
    }),
  );
  peers[0].ring(1, 0);
  t.same(peers[1].heard(), [1]);
  t.same(peers[0].heard(), [0]);
}

t.test('peers killed at every byte of a handshake are one join and one leave each', async (t) => {
  const scene = await open(t);
  const counts = Array.from({ length: BYTES + 1 }, (_, bytes) => bytes);
  await kill(t, scene, counts);
  await check(t, scene, counts.length);
});

t.test('so is one killed alone inside or after any message, its own vectors too', async (t) => {
  const scene = await open(t);
  // A few at a time, and the next one meets them at any moment of their lives.
  let next = 0;
  const killSome = async (): Promise<void> => {
    for (let number = next++; number < PROGRAMS; number = next++) {
      await kill(t, scene, [number * STEP]);
    }
  };
  await Promise.all([killSome(), killSome()]);
  await check(t, scene, PROGRAMS);
});

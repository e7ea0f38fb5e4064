// A peer process that is killed by SIGKILL during its handshake harms nobody.
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import t from 'tap';
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

t.test(
  'a peer killed inside or after any message of its handshake is one join and one leave',
  async (t) => {
    const region = await Region.listen(t, { vectors: 1 });
    const options = { vectors: 1, ledger: new Ledger(), rings: true };
    const peers = [
      await StrictPeer.join(t, region.socket, options),
      await StrictPeer.join(t, region.socket, options),
    ] as const;
    // A few at a time, and the next one meets them at any moment of their lives.
    let next = 0;
    const kill = async (): Promise<void> => {
      for (let number = next++; number < PROGRAMS; number = next++) {
        const bytes = number * STEP;
        const child = new Child(t, [process.execPath, program, region.socket, String(bytes)]);
        await once(child.stdout, 'data');
        child.kill('SIGKILL');
        t.match(await child.exit, { signal: 'SIGKILL' });
      }
    };
    await Promise.all([kill(), kill()]);
    await region.left(PROGRAMS);
    t.equal(region.joins, 2 + PROGRAMS);
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
  },
);

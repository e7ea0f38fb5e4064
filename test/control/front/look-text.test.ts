// What is told of one look is found out once, however many share it.
import t from 'tap';
import type { WholeLook } from '../../../src/control/front/asker.js';
import { Details } from '../../../src/control/front/details.js';
import { LookText } from '../../../src/control/front/look-text.js';

const numbers = { used: 1, limit: 2 };
const peer = {
  ...{ id: 0, pid: process.pid, uid: 0, gid: 0, isHost: false, joinedAtMs: 0 },
  ...{ unread: 0, isBehind: false, isBlocked: false, waiting: [0], eventfdIds: [1] },
};
const memory = { kind: 'memfd', path: '/memfd', sizeBytes: 4_096 };
const counts = { joins: 1, leaves: 0, refusals: [], messages: 4, batches: 1 };
const look: WholeLook = {
  server: { pid: 1, startedAt: new Date(0).toISOString(), descriptors: numbers },
  regions: [
    {
      status: { name: 'lab', socket: '/s', memory, vectors: 1, maxPeers: 9, idsLeft: 9, vms: [] },
      counts: { ...counts, joinBuckets: [], joinSeconds: 0 },
    },
  ],
  process: { residentBytes: 0, logLinesDropped: 0, lagSeconds: { mean: 0, max: 0 } },
  peers: [[peer]],
};

class CountedDetails extends Details {
  count = 0;

  override process(pid: number): string | undefined {
    this.count += 1;
    return super.process(pid);
  }
}

t.test('each process is looked up once, and what is told is one copy', async (t) => {
  const details = new CountedDetails();
  const text = new LookText(look, details);
  t.equal((await text.metrics).bytes, (await text.metrics).bytes);
  t.equal(details.count, 0, 'metrics have no names');
  t.equal(text.status, text.status);
  t.equal(text.region('lab'), text.region('lab'));
  t.match(text.peer('lab', 0), { pid: process.pid, process: details.process(process.pid) });
  t.equal(details.count, 2, 'once, and by this test');
});

// Peers that read late or little.
import { socketCapacity } from '../../test/helper/socket-capacity.js';
import type { StrictPeer } from '../../test/helper/strict-peer.js';
import { must, type Check } from '../check.js';
import { Company } from '../company.js';

const STAYING = 20;

export const doesNotRead: Check = {
  name: 'does-not-read',
  what: 'a peer that does not read for more messages than its socket holds',
  async run(subject) {
    await subject.start();
    const company = new Company(subject, { rings: false });
    const stopped = await company.connect();
    await subject.until('its welcome', () => stopped.read() >= 0 && stopped.isWelcomed);
    // A newcomer's own news have to fit: it is not the one that is stopped.
    const capacity = socketCapacity();
    await enter(company, Math.floor(capacity * 0.9));
    for (const peer of company.peers.slice(STAYING)) company.leave(peer);
    await company.settle({ besides: 1 });
    await enter(company, Math.floor(capacity / 3));
    stopped.read();
    const last = await company.join();
    await subject.until('it is told of the last join', () => {
      company.read();
      return stopped.read() >= 0 && stopped.told.has(last.id);
    });
    judgeNews(stopped, company);
  },
};

/** So many more, all at once; those who read know each other afterwards. */
async function enter(company: Company, count: number): Promise<void> {
  for (let peers = 0; peers < count; peers += 1) company.enter(await company.connect());
  await company.settle({ besides: 1 });
}

// News come in their order, leaves ahead: behind the last join nothing is on its way.
function judgeNews(stopped: StrictPeer, { peers }: Company): void {
  const ids = new Set([stopped.id, ...peers.map(({ id }) => id)]);
  const joins = [...ids].filter((id) => !stopped.told.has(id)).length;
  const leaves = [...stopped.told.keys()].filter((id) => !ids.has(id)).length;
  must(joins + leaves === 0, `loses ${joins} joins and ${leaves} leaves`);
}

const SLOW = 32;
const VECTORS = 4;
const VISITS = 24;

export const slowReaders: Check = {
  name: 'slow-readers',
  what: `${SLOW} peers that read a byte now and then, while others come and go`,
  async run(subject) {
    await subject.start(['-n', String(VECTORS)]);
    const slow = new Company(subject, { vectors: VECTORS, rings: false });
    for (let count = 0; count < SLOW; count += 1) slow.enter(await slow.connect());
    for (let visit = 0; visit < VISITS; visit += 1) {
      const visitor = await slow.connect();
      await subject.patience.soon('a visitor has its own vectors', () => {
        sip(slow);
        visitor.read();
        return visitor.isWelcomed || undefined;
      });
      visitor.close();
    }
    await subject.patience.soon('all know exactly who is there', () => {
      sip(slow);
      return slow.isComplete() || undefined;
    });
  },
};

function sip({ peers }: Company): void {
  for (const peer of peers) {
    peer.read(1);
    must(!peer.isOver, 'hangs up on a peer that reads slowly');
  }
}

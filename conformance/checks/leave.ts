// Leaves: once, to those who know of the peer, and to nobody else.
import { must, type Check } from '../check.js';
import { Company } from '../company.js';

const VECTORS = 2;
const STEPS = 30;

export const leaves: Check = {
  name: 'leaves',
  what: 'peers that come and go: each leave is told once, to those who know',
  async run(subject) {
    await subject.start(['-n', String(VECTORS)]);
    const company = await Company.of(subject, 4, { vectors: VECTORS });
    for (let step = 0; step < STEPS; step += 1) {
      const leaving = company.peers[(step * 7) % company.peers.length];
      if (leaving) company.leave(leaving);
      await company.join();
      if (step % 3 === 0) await company.settle();
    }
    await company.prove();
  },
};

const MANY_VECTORS = 64;
const PRESENT = 8;

export const leaveInJoin: Check = {
  name: 'leave-in-join',
  what: 'peers that leave while a newcomer that does not read is owed their vectors',
  async run(subject) {
    await subject.start(['-n', String(MANY_VECTORS)]);
    const options = { vectors: MANY_VECTORS, rings: false, looksAtOneIn: 16 };
    const company = await Company.of(subject, PRESENT, options);
    const stalled = await company.connect();
    await company.settle({ besides: 1 });
    // 278 messages fill its socket: it has all vectors of the first, part of the fifth's, and none of the seventh.
    for (const index of [6, 4, 0]) {
      const leaving = company.peers[index];
      must(leaving !== undefined, 'nobody there');
      company.leave(leaving);
    }
    await company.settle({ besides: 1 });
    company.enter(stalled);
    await company.settle();
    await company.join();
    await company.settle();
  },
};

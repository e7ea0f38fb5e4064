// Numbers of vectors at and beyond the limits.
import { must, type Check } from '../check.js';
import { Company } from '../company.js';

export const manyVectors: Check = {
  name: 'vectors-64',
  what: '-n 64: every peer has every vector of every other',
  async run(subject) {
    await subject.start(['-n', '64']);
    await (await Company.of(subject, 3, { vectors: 64 })).prove();
  },
};

export const tooManyVectors: Check = {
  name: 'vectors-beyond',
  what: '-n 65 and 2048: as many as asked for, or refused with a reason',
  async run(subject) {
    const refused: string[] = [];
    for (const given of [65, 2048]) {
      const started = await subject.startOrRefuse(['-n', String(given)]);
      if (typeof started === 'string') {
        refused.push(String(given));
      } else {
        const company = await Company.of(subject, 1, { vectors: given });
        company.ring();
        await subject.stop(started, 'SIGTERM');
      }
    }
    return refused.length === 0 ? undefined : `refused: ${refused.join(' and ')}`;
  },
};

export const nonsenseVectors: Check = {
  name: 'vectors-nonsense',
  what: '-n 0, -1 and x: refused with a reason',
  async run(subject) {
    for (const given of ['0', '-1', 'x']) {
      const started = await subject.startOrRefuse(['-n', given]);
      must(typeof started === 'string', `serves with -n ${given}`);
    }
  },
};

// Servers with many descriptors, and with none left.
import type { MessageReader } from '../../test/helper/message-reader.js';
import { must, type Check } from '../check.js';
import { Company } from '../company.js';
import { connect, drain } from '../connection.js';

const LIMIT = 1024;
const MOST_VECTORS = 64;
const MANY = LIMIT / MOST_VECTORS + 1;

export const outOfDescriptors: Check = {
  name: 'out-of-descriptors',
  what: `clients until a limit of ${LIMIT} descriptors is used up`,
  async run(subject) {
    await subject.start(['-n', String(MOST_VECTORS)], { fdLimit: LIMIT });
    const company = new Company(subject, { vectors: MOST_VECTORS, rings: false, looksAtOneIn: 16 });
    while (company.peers.length < MANY && (await company.tryJoin()));
    must(company.peers.length > MANY / 2, `takes ${company.peers.length} clients and no more`);
    await company.settle();
    for (const peer of company.peers.slice(0, 2)) company.leave(peer);
    await company.settle();
    await company.join();
    await company.settle();
  },
};

/** With each number of vectors, how many clients make it more than 1,023 descriptors. */
const crowds = [
  [64, 17],
  [16, 62],
  [1, 512],
] as const;

export const manyDescriptors: readonly Check[] = crowds.map(([vectors, clients]) => ({
  name: `descriptors-${vectors}`,
  what: `${clients} clients, -n ${vectors}: more than 1,023 descriptors`,
  async run(subject) {
    await subject.start(['-n', String(vectors)]);
    const others: MessageReader[] = [];
    for (let client = 0; client < clients; client += 1) {
      others.push(await connect(subject));
      drain(others);
    }
    const last = await new Company(subject, { vectors, rings: false }).connect();
    await subject.until('the last one has every vector of every other', () => {
      drain(others);
      last.read();
      return last.isWelcomed && last.told.size === clients + 1;
    });
    must(
      [...last.told.values()].every((told) => told === vectors),
      'one has fewer vectors than asked for',
    );
  },
}));

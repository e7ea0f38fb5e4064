import t from 'tap';
import { descriptorCount, ownDescriptorLimit } from '../../native/descriptor-limit.js';
import { DescriptorBudget } from '../../src/server/descriptor-budget.js';
import { withDescriptorLimit } from '../native/no-room.js';

const besides = { sockets: 1, slots: 0 };

t.test('the limit of descriptors admits so many peers, or none', async (t) => {
  const limit = ownDescriptorLimit();
  const peers = (vectors: number): number => new DescriptorBudget(vectors, 0).peersBeside(besides);
  const one = peers(1);
  t.ok(one > limit / 2 - 200 || one === 65_536, `${one} of ${limit}`);
  t.ok(one <= limit / 2);
  t.ok(peers(9) <= one / 5 + 1);
  t.equal(peers(2 * limit), 0);
});

t.test('slots and sockets take their part, and those that are open no second one', async (t) => {
  const admitted = (open: number, sockets: number, slots: number): number =>
    withDescriptorLimit(1_000, () => new DescriptorBudget(0, open)).peersBeside({ sockets, slots });
  const all = admitted(0, 0, 0);
  t.equal(admitted(0, 2, 0), all - 6);
  t.equal(admitted(2, 2, 0), all - 2);
  t.equal(admitted(0, 0, 5), all - 5);
});

t.test(
  'what peers need is told for the whole process, those that are there included',
  async (t) => {
    const budget = new DescriptorBudget(3, 0);
    const open = descriptorCount('self')!;
    const limit = ownDescriptorLimit();
    t.same(budget.demandOf(10, 0), { needed: open + 40 + 16, limit });
    t.same(budget.demandOf(10, 4), { needed: open + 24 + 16, limit });
  },
);

import t from 'tap';
import { createEventfd } from '../../native/eventfd.js';
import { createMemfd } from '../../native/memory.js';
import { Ledger } from './ledger.js';

t.test('a doorbell that is another eventfd for the next peer is found out', async (t) => {
  using a = createEventfd();
  using b = createEventfd();
  const ledger = new Ledger();
  ledger.doorbell(1, 0, a);
  ledger.doorbell(1, 0, a);
  ledger.doorbell(1, 1, b);
  t.throws(() => {
    ledger.doorbell(1, 0, b);
  });
});

t.test('a second memory is found out', async (t) => {
  using a = createMemfd('a');
  using b = createMemfd('b');
  const ledger = new Ledger();
  ledger.memory(a);
  ledger.memory(a);
  t.throws(() => {
    ledger.memory(b);
  });
});

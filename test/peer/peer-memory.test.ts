import t from 'tap';
import { createMemfd, resizeMemory } from '../../native/memory.js';
import { PeerMemory } from '../../src/peer/peer-memory.js';
import { addressSpace, collected } from '../helper/collect.js';
import { until } from '../helper/until.js';

t.test('who maps part after part does not run out of addresses', async (t) => {
  const fd = createMemfd('test');
  resizeMemory(fd, 2 ** 30);
  const memory = new PeerMemory(fd);
  t.teardown(() => memory.close());
  const before = addressSpace();
  for (let count = 0; count < 100; count += 1) {
    using part = memory.map({ offset: 0, length: 2 ** 30 });
    new Uint8Array(part.buffer)[0] = 1;
  }
  await until('less than 5 of 100 GiB is left', async () => {
    await collected();
    return addressSpace() - before < 5 * 2 ** 20;
  });
  t.pass('they are given back');
});

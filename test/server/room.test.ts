import os from 'node:os';
import t from 'tap';
import {
  hugePageBytesOf,
  roomInDirectory,
  roomInHugePages,
  roomInMemory,
} from '../../src/server/room.js';
import { temp } from '../helper/temp.js';

t.test('there is room, and not more than the machine has', async (t) => {
  for (const room of [roomInMemory(), roomInDirectory('/dev/shm')]) {
    t.ok(room > 0);
    t.ok(room <= os.totalmem());
  }
  t.ok(roomInDirectory(temp(t)) > 0);
});

t.test('huge pages of a size that there is not have no room', async (t) => {
  t.equal(roomInHugePages(12_345 * 1024), 0);
  t.ok(roomInHugePages(2_097_152) >= 0);
});

t.test('an ordinary directory is not on huge pages', async (t) => {
  t.equal(hugePageBytesOf(temp(t)), undefined);
  t.throws(() => hugePageBytesOf('/no/such/directory'), { code: 'ENOENT' });
});

import { once } from 'node:events';
import { fstatSync } from 'node:fs';
import t from 'tap';
import { createMemfd } from '../../../native/memory.js';
import { livingMemories } from '../../../src/control/doctor/living-memories.js';
import { keyOf, OUR_MEMFD } from '../../../src/control/doctor/qemu-process.js';
import { answering } from '../../helper/answering.js';
import { bytesRead } from '../../helper/bytes-read.js';
import { Child } from '../../helper/child.js';
import { temp } from '../../helper/temp.js';

t.test('however many have a memory, who listens is looked at once', async (t) => {
  const directory = temp(t);
  for (let index = 0; index < 200; index += 1)
    await answering(t, `${directory}/${index}`, (connection) => connection.destroy());
  using memory = createMemfd('ivshmem');
  const key = keyOf(fstatSync(memory.rawFd, { bigint: true }));
  const wanted = [{ key, target: OUR_MEMFD, pid: process.pid }];
  let living = new Set<string>();
  const one = bytesRead(() => (living = livingMemories(wanted)));
  t.strictSame(living, new Set([key]), 'this process has it, and listens');
  const script = `exec 3</proc/${process.pid}/fd/${memory.rawFd}; echo; read line`;
  for (let count = 0; count < 40; count += 1)
    await once(new Child(t, ['sh', '-c', script]).stdout, 'data');
  const all = bytesRead(() => (living = livingMemories(wanted)));
  t.strictSame(living, new Set([key]));
  t.ok(all < 10 * one, `${all} bytes, for one ${one}`);
});

import { closeSync, fstatSync } from 'node:fs';
import t from 'tap';
import { createEventfd } from '../../native/eventfd.js';
import { Fd } from '../../native/fd.js';
import { failing } from '../helper/fault.js';

t.test('open counts what is owned', async (t) => {
  const before = Fd.open;
  const fds = [createEventfd(), createEventfd()];
  t.equal(Fd.open, before + 2);
  for (const fd of fds) fd.close();
  t.equal(Fd.open, before);
});

t.test('a second close does nothing, even when the number is another file by then', async (t) => {
  const first = createEventfd();
  const { rawFd } = first;
  first.close();
  using second = createEventfd();
  t.equal(second.rawFd, rawFd, 'the kernel gives the lowest number');
  const { open } = Fd;
  first.close();
  t.equal(Fd.open, open);
  t.ok(second.isOpen);
  t.doesNotThrow(() => fstatSync(rawFd));
});

t.test('a closed descriptor has no number', async (t) => {
  const fd = createEventfd();
  t.ok(fd.isOpen);
  fd.close();
  t.notOk(fd.isOpen);
  t.throws(() => fd.rawFd, { code: 'ERR_IVSHMEM_FD_CLOSED' });
});

t.test('the end of a scope closes', async (t) => {
  let rawFd: number;
  {
    using fd = createEventfd();
    rawFd = fd.rawFd;
  }
  t.throws(() => fstatSync(rawFd), { code: 'EBADF' });
});

t.test('a descriptor that somebody else closed is told once, and not owned any more', async (t) => {
  const before = Fd.open;
  const fd = createEventfd();
  closeSync(fd.rawFd);
  t.throws(() => fd.close(), { code: 'EBADF', syscall: 'close' });
  t.equal(Fd.open, before);
  t.doesNotThrow(() => fd.close());
});

t.test('an error of close that changes nothing is not told', async (t) => {
  const fd = createEventfd();
  const { rawFd } = fd;
  failing(t, 'close', 'EIO', { times: 1 });
  t.doesNotThrow(() => fd.close());
  t.notOk(fd.isOpen);
  closeSync(rawFd);
});

t.test("what was given up stays open, and is nobody's to close here", async (t) => {
  const before = Fd.open;
  const fd = createEventfd();
  const rawFd = fd.disown();
  t.equal(Fd.open, before);
  t.notOk(fd.isOpen);
  fd.close();
  t.throws(() => fd.disown(), { code: 'ERR_IVSHMEM_FD_CLOSED' });
  t.doesNotThrow(() => fstatSync(rawFd));
  closeSync(rawFd);
});

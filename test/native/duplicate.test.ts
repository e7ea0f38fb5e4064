import t from 'tap';
import { duplicateFd } from '../../native/duplicate.js';
import { createEventfd, drainEventfd, ringEventfd } from '../../native/eventfd.js';
import { openDescriptors } from '../helper/descriptor-balance.js';
import { failing } from '../helper/fault.js';
import { withoutRoom } from './no-room.js';
import { isClosedOnExec } from './status-flags.js';

t.test('a duplicate is another descriptor of the same', async (t) => {
  using fd = createEventfd();
  using other = duplicateFd(fd.rawFd)!;
  t.not(other.rawFd, fd.rawFd);
  t.ok(isClosedOnExec(other.rawFd));
  ringEventfd(fd);
  fd.close();
  t.equal(drainEventfd(other), 1n);
});

t.test('nothing is open under the number of what was closed', async (t) => {
  const fd = createEventfd();
  const { rawFd } = fd;
  fd.close();
  const before = openDescriptors();
  t.equal(duplicateFd(rawFd), undefined, 'even if the duplicate would get that very number');
  t.equal(duplicateFd(rawFd + 1_000), undefined);
  t.same(openDescriptors(), before);
});

t.test('no room for one more is EMFILE', async (t) => {
  using fd = createEventfd();
  const { rawFd } = fd;
  t.throws(() => withoutRoom(() => duplicateFd(rawFd)), { code: 'EMFILE', syscall: 'open' });
});

t.test('a duplicate that the kernel refuses leaves nothing open', async (t) => {
  using fd = createEventfd();
  failing(t, 'dup3', 'EBUSY');
  const before = openDescriptors();
  t.throws(() => duplicateFd(fd.rawFd), { code: 'EBUSY', syscall: 'dup3' });
  t.same(openDescriptors(), before);
});

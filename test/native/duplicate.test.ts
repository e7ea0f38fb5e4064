import t from 'tap';
import { duplicateFd } from '../../native/duplicate.js';
import { createEventfd, drainEventfd, ringEventfd } from '../../native/eventfd.js';
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
  t.equal(duplicateFd(rawFd), undefined);
});

t.test('no room for one more is EMFILE', async (t) => {
  using fd = createEventfd();
  const { rawFd } = fd;
  t.throws(() => withoutRoom(() => duplicateFd(rawFd)), { code: 'EMFILE', syscall: 'fcntl' });
});

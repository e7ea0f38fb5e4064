import t from 'tap';
import { createEventfd } from '../../native/eventfd.js';
import { isWritable } from '../../native/poll.js';
import { createSocketPair } from '../../native/unix-socket.js';
import { failing } from '../helper/fault.js';
import { fillEventfd, overflowEventfd } from './full-count.js';

t.test('what has room is writable, what is full is not', async (t) => {
  using fd = createEventfd();
  t.ok(isWritable(fd.rawFd));
  fillEventfd(fd);
  t.notOk(isWritable(fd.rawFd));
});

t.test('an error that poll counts is no room', async (t) => {
  using fd = createEventfd();
  overflowEventfd(fd);
  t.notOk(isWritable(fd.rawFd));
});

t.test('a hang-up is writable: the write fails at once and does not block', async (t) => {
  const [socket, peer] = createSocketPair();
  peer.close();
  t.ok(isWritable(socket.rawFd));
  socket.close();
});

t.test('a number that is not open is not writable', async (t) => {
  const fd = createEventfd();
  const { rawFd } = fd;
  fd.close();
  t.notOk(isWritable(rawFd));
});

t.test('a poll that fails is told', async (t) => {
  failing(t, 'poll', 'ENOMEM');
  t.throws(() => isWritable(0), { code: 'ENOMEM', syscall: 'poll' });
});

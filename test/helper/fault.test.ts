import t from 'tap';
import { createEventfd } from '../../native/eventfd.js';
import { libc } from '../../native/libc.js';
import { failing } from './fault.js';

t.test('a call fails after so many, so many times', async (t) => {
  const fault = failing(t, 'eventfd', 'EMFILE', { after: 1, times: 2 });
  createEventfd().close();
  t.throws(createEventfd, { code: 'EMFILE', syscall: 'eventfd' });
  t.throws(createEventfd, { code: 'EMFILE' });
  createEventfd().close();
  t.equal(fault.calls, 4);
});

t.test('without figures every call fails', async (t) => {
  failing(t, 'eventfd', 'ETOOMANYREFS');
  for (let call = 0; call < 3; call += 1) t.throws(createEventfd, { code: 'ETOOMANYREFS' });
});

t.test('the end of a test puts the real call back, and so does restore', async (t) => {
  const { eventfd } = libc;
  await t.test('two faults on one call', async (t) => {
    failing(t, 'eventfd', 'EMFILE');
    const fault = failing(t, 'eventfd', 'ENFILE');
    t.throws(createEventfd, { code: 'ENFILE' });
    fault.restore();
    fault.restore();
    t.throws(createEventfd, { code: 'EMFILE' });
  });
  t.equal(libc.eventfd, eventfd);
});

import { readFile } from 'node:fs/promises';
import os from 'node:os';
import koffi from 'koffi';
import t from 'tap';
import {
  check,
  checkReady,
  describeErrno,
  errno,
  isSystemError,
  lastErrno,
  SystemError,
} from '../../native/system-error.js';

t.test("errno's values are this system's", async (t) => {
  const known: Readonly<Record<string, number>> = os.constants.errno;
  const unknown = Object.entries(errno).filter(([name, value]) => known[name] !== value);
  t.strictSame(Object.fromEntries(unknown), { EUSERS: 87, ETOOMANYREFS: 109 });
});

t.test('every errno value of the house has a name, its own', async (t) => {
  for (const [name, value] of Object.entries(errno)) t.equal(describeErrno(value)[0], name);
});

t.test('a value that nobody knows is told by its number', async (t) => {
  t.strictSame(describeErrno(4711), ['E4711', 'system error 4711']);
});

t.test('a value that libuv does not know has its name', async (t) => {
  const { ENOLCK, EDQUOT } = os.constants.errno;
  t.equal(describeErrno(ENOLCK)[0], 'ENOLCK');
  t.equal(describeErrno(EDQUOT)[0], 'EDQUOT');
});

t.test("an error looks like Node's own", async (t) => {
  const error = new SystemError(98, 'bind', '/run/x.sock');
  t.equal(error.message, "EADDRINUSE: address already in use, bind '/run/x.sock'");
  const { name, code, syscall, path } = error;
  t.strictSame(
    { name, code, errno: error.errno, syscall, path },
    { name: 'SystemError', code: 'EADDRINUSE', errno: -98, syscall: 'bind', path: '/run/x.sock' },
  );
});

t.test("the kernel's no is told from any other error, whoever threw it", async (t) => {
  const ofNode: unknown = await readFile('/nowhere').catch((error: unknown) => error);
  for (const error of [new SystemError(errno.EPERM, 'open'), ofNode]) t.ok(isSystemError(error));
  for (const error of [new Error('no'), { errno: -1, syscall: 'open' }, undefined])
    t.notOk(isSystemError(error));
});

t.test('an error without a path has none', async (t) => {
  const error = new SystemError(errno.EMFILE, 'eventfd');
  t.equal(error.message, 'EMFILE: too many open files, eventfd');
  t.notOk('path' in error);
});

t.test('lastErrno is what the last failed call left', async (t) => {
  koffi.errno(errno.ENOSPC);
  t.equal(lastErrno(), errno.ENOSPC);
});

t.test('check passes success on and throws the rest', async (t) => {
  t.equal(check(0, 'open'), 0);
  t.equal(check(7, 'open'), 7);
  koffi.errno(errno.EACCES);
  t.throws(() => check(-1, 'open', '/x'), { code: 'EACCES', syscall: 'open', path: '/x' });
});

t.test('checkReady has a value for what would block and what was interrupted', async (t) => {
  t.equal(checkReady(0, 'recv'), 0);
  for (const value of [errno.EAGAIN, errno.EINTR]) {
    koffi.errno(value);
    t.equal(checkReady(-1, 'recv'), undefined);
  }
  koffi.errno(errno.ECONNRESET);
  t.throws(() => checkReady(-1, 'recv', '/x'), { code: 'ECONNRESET', path: '/x' });
});

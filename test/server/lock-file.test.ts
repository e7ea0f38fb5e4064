import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import t, { type Test } from 'tap';
import { libc } from '../../native/libc.js';
import { LockFile } from '../../src/server/lock-file.js';
import { need } from '../helper/need.js';
import { unprivileged } from '../native/other-user.js';
import { temp } from '../helper/temp.js';

function acquire(t: Test, target: string): LockFile {
  const lock = LockFile.acquire(target);
  if (!(lock instanceof LockFile)) throw new Error(`${lock.holderPid} has it`);
  t.teardown(() => {
    lock.close();
  });
  return lock;
}

t.test('a claim is refused while another holds it, and says who', async (t) => {
  const target = `${temp(t)}/s`;
  acquire(t, target);
  t.same(LockFile.acquire(target), { holderPid: process.pid });
});

t.test('two names of one directory are one claim', async (t) => {
  const directory = temp(t);
  mkdirSync(`${directory}/a`);
  symlinkSync('a', `${directory}/b`);
  acquire(t, `${directory}/a/s`);
  t.notOk(LockFile.acquire(`${directory}/b/s`) instanceof LockFile);
});

t.test('what was given up leaves no file and can be had again', async (t) => {
  const directory = temp(t);
  const lock = acquire(t, `${directory}/s`);
  t.same(readdirSync(directory), ['s.lock']);
  lock.close();
  lock.close();
  t.same(readdirSync(directory), []);
  acquire(t, `${directory}/s`);
});

t.test('the file that a crash left is free', async (t) => {
  const directory = temp(t);
  writeFileSync(`${directory}/s.lock`, '');
  acquire(t, `${directory}/s`);
});

t.test('a file that its owner removes just then is no claim: the next one is', async (t) => {
  const directory = temp(t);
  const { flock } = libc;
  t.teardown(() => (libc.flock = flock));
  libc.flock = (fd, operation) => {
    libc.flock = flock;
    rmSync(`${directory}/s.lock`);
    return flock(fd, operation);
  };
  acquire(t, `${directory}/s`);
  t.ok(existsSync(`${directory}/s.lock`));
  t.notOk(LockFile.acquire(`${directory}/s`) instanceof LockFile, 'it is held');
});

t.test('no link is followed to a lock file', async (t) => {
  const directory = temp(t);
  symlinkSync('elsewhere', `${directory}/s.lock`);
  t.throws(() => LockFile.acquire(`${directory}/s`), { code: 'ELOOP' });
  t.notOk(existsSync(`${directory}/elsewhere`));
});

t.test('without the directory there is no claim', async (t) => {
  t.throws(() => LockFile.acquire(`${temp(t)}/none/s`), { code: 'ENOENT' });
});

t.test("a file with something in it is somebody's, and stays", async (t) => {
  const directory = temp(t);
  writeFileSync(`${directory}/s.lock`, 'precious');
  acquire(t, `${directory}/s`).close();
  t.same(readdirSync(directory), ['s.lock']);
});

t.test('its mode says what it is beside, whatever was there before', async (t) => {
  const target = `${temp(t)}/s`;
  t.equal(LockFile.kindOf(target), undefined);
  for (const before of [undefined, 0o600, 0o400])
    for (const kind of ['control', 'other'] as const) {
      if (before !== undefined) writeFileSync(`${target}.lock`, '', { mode: before });
      const lock = LockFile.acquire(target, kind);
      t.equal(LockFile.kindOf(target), kind, `after ${before}`);
      (lock as LockFile).close();
    }
  writeFileSync(`${target}.lock`, 'precious', { mode: 0o600 });
  acquire(t, target);
  t.equal(LockFile.kindOf(target), undefined, "somebody's says nothing");
});

t.test("another user's file is a claim, and has no mark", need('root'), async (t) => {
  const directory = temp(t);
  chmodSync(directory, 0o777);
  writeFileSync(`${directory}/s.lock`, '', { mode: 0o644 });
  unprivileged(() => acquire(t, `${directory}/s`));
  t.equal(LockFile.kindOf(`${directory}/s`), undefined);
});

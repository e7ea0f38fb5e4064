import { execFile, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, openSync, readFileSync, readSync, rmSync, writeFileSync } from 'node:fs';
import { setImmediate as turn, setTimeout as pause } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { createEventfd, ringEventfd } from '../../native/eventfd.js';
import { libc, NULL, staticMemory } from '../../native/libc.js';
import { errno, lastErrno } from '../../native/system-error.js';
import { guard } from '../../native/watchdog.js';
import { failing } from '../helper/fault.js';
import { temp } from '../helper/temp.js';
import type { Told } from './ringer.js';

const SIG_IGN = 1n;

/** Blocks; true when it was interrupted. */
function isInterrupted(forMs: number): boolean {
  return libc.poll(NULL, 0, forMs) < 0 && lastErrno() === errno.EINTR;
}

/** The timers of this process, as the kernel tells. https://man7.org/linux/man-pages/man5/proc_pid_timers.5.html */
function timers(): string[] {
  return readFileSync('/proc/self/timers', 'latin1').match(/^signal: .*$/gm) ?? [];
}

t.test('without a timer there is no guard', async (t) => {
  for (const call of ['sigaction', 'timer_create', 'timer_settime'] as const) {
    const fault = failing(t, call, 'EAGAIN');
    t.throws(guard, { code: 'EAGAIN', syscall: call });
    fault.restore();
  }
});

t.test('a call that blocks comes back, again and again', async (t) => {
  guard();
  for (let times = 0; times < 3; times += 1) t.ok(isInterrupted(5_000));
});

t.test('a millisecond later nothing is interrupted', async (t) => {
  guard();
  await pause(2);
  t.notOk(isInterrupted(50));
  using fd = createEventfd();
  ringEventfd(fd);
  await pause(2);
  const fifo = `${temp(t)}/fifo`;
  spawnSync('mkfifo', [fifo]);
  const late = execFile('sh', ['-c', 'sleep 0.05; echo late >"$0"', fifo]);
  const end = once(late, 'exit');
  const reader = openSync(fifo, 'r');
  t.equal(readSync(reader, Buffer.alloc(8)), 5, 'Node does not begin a read again');
  closeSync(reader);
  await end;
});

t.test('one thread has one timer, and takes it along', async (t) => {
  guard();
  await pause(2);
  guard();
  const before = timers();
  t.equal(before.length, 1);
  t.match(before[0], /^signal: 64\//);
  using fd = createEventfd();
  const workerData = { rawFd: fd.rawFd, forMs: 20 };
  const worker = new Worker(new URL('ringer.js', import.meta.url), { workerData });
  const exit = once(worker, 'exit');
  const [told] = (await once(worker, 'message')) as [Told];
  t.ok(told.written > 0);
  t.equal(told.wait, 'timed-out', 'to wait on memory is not cut short');
  t.ok(told.waitMs > 45);
  await exit;
  t.strictSame(timers(), before);
});

t.test('what a program does beside ringing is not disturbed', async (t) => {
  using fd = createEventfd();
  const path = `${temp(t)}/file`;
  const data = 'x'.repeat(1_000_000);
  const isOver = { yet: false };
  const ringing = (async () => {
    while (!isOver.yet) {
      ringEventfd(fd);
      await turn();
    }
  })();
  const start = performance.now();
  ringEventfd(fd);
  t.equal(spawnSync('sh', ['-c', 'sleep 0.1; echo done'], { encoding: 'utf8' }).stdout, 'done\n');
  for (let times = 0; times < 20; times += 1) {
    ringEventfd(fd);
    writeFileSync(path, data);
    t.equal(readFileSync(path, 'utf8').length, data.length);
    rmSync(path);
    await turn();
  }
  const { stdout } = await promisify(execFile)('sh', ['-c', 'sleep 0.1; cat /etc/passwd']);
  t.equal(stdout, readFileSync('/etc/passwd', 'utf8'));
  await pause(50);
  t.ok(performance.now() - start > 240);
  isOver.yet = true;
  await ringing;
});

t.test('a signal that somebody handles is left alone', async (t) => {
  const taken = staticMemory(152);
  taken.view.setBigUint64(0, SIG_IGN, true);
  libc.sigaction(64, taken.address, NULL);
  // A new instance, and the last test, for the first one is deaf now: the query makes it another module.
  const again = `${new URL('../../native/watchdog.js', import.meta.url).href}?taken`;
  const { guard: other } = (await import(again)) as { guard: () => void };
  other();
  t.ok(isInterrupted(5_000));
  t.match(timers().join(), /signal: 63\//);
});

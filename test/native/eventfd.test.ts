import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import {
  createEventfd,
  drainEventfd,
  inspectEventfd,
  isEventfd,
  ringEventfd,
} from '../../native/eventfd.js';
import { Fd } from '../../native/fd.js';
import { failing } from '../helper/fault.js';
import type { Scope } from '../helper/temp.js';
import { fillEventfd, overflowEventfd } from './full-count.js';
import { withoutRoom } from './no-room.js';
import { ringFor } from './ring-for.js';
import type { Told } from './ringer.js';
import { isBlocking, isClosedOnExec, makeBlocking } from './status-flags.js';

const FULL = 2n ** 64n - 2n;

t.test('a new eventfd is silent, non-blocking and closed on exec', async (t) => {
  using fd = createEventfd();
  t.equal(inspectEventfd(fd).count, 0n);
  t.notOk(isBlocking(fd.rawFd));
  t.ok(isClosedOnExec(fd.rawFd));
});

t.test('what is an eventfd can be told from what is none', async (t) => {
  using fd = createEventfd();
  using device = new Fd(openSync('/dev/null', 'r+'));
  t.ok(isEventfd(fd));
  t.notOk(isEventfd(device));
});

t.test('no room for one more is EMFILE', async (t) => {
  t.throws(() => withoutRoom(createEventfd), { code: 'EMFILE', syscall: 'eventfd' });
});

t.test('rings add up, and a drain takes them all', async (t) => {
  using fd = createEventfd();
  for (let ring = 0; ring < 31; ring += 1) t.ok(ringEventfd(fd));
  t.equal(inspectEventfd(fd).count, 31n, 'the kernel tells it in hex');
  t.equal(drainEventfd(fd), 31n);
  t.equal(drainEventfd(fd), 0n);
});

t.test('a ring that would block is false, and changes nothing', async (t) => {
  using fd = createEventfd();
  fillEventfd(fd);
  t.notOk(ringEventfd(fd));
  t.equal(drainEventfd(fd), FULL);
  t.ok(ringEventfd(fd));
});

t.test('a ring that would block is false, even on a doorbell made blocking', async (t) => {
  using fd = createEventfd();
  fillEventfd(fd);
  makeBlocking(fd.rawFd);
  t.notOk(ringEventfd(fd));
  t.notOk(isBlocking(fd.rawFd), 'and it is non-blocking again, for everybody');
});

/** Has a hostile program at the doorbell, for 10 s at most. */
async function harass(t: Scope, { rawFd }: Fd): Promise<void> {
  const hostile = spawn(process.execPath, [program('hostile.js'), '10000'], {
    stdio: ['ignore', 'pipe', 'inherit', rawFd],
  });
  t.teardown(async () => {
    const exit = once(hostile, 'exit');
    hostile.kill('SIGKILL');
    await exit;
  });
  await once(hostile.stdout!, 'data');
}

function program(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

t.test('a hostile holder that clears the flag without end does not hang a ring', async (t) => {
  using fd = createEventfd();
  await harass(t, fd);
  const { written, refused, longestMs } = ringFor(fd, 300);
  t.equal(written, 0);
  t.ok(refused > 0);
  t.ok(longestMs < 1_000, `one ring took ${longestMs} ms`);
});

t.test('nor one in a worker', async (t) => {
  using fd = createEventfd();
  await harass(t, fd);
  const workerData = { rawFd: fd.rawFd, forMs: 300 };
  const worker = new Worker(program('ringer.js'), { workerData });
  const exit = once(worker, 'exit');
  const [{ written, refused, longestMs }] = (await once(worker, 'message')) as [Told];
  await exit;
  t.equal(written, 0);
  t.ok(refused > 0);
  t.ok(longestMs < 1_000, `one ring took ${longestMs} ms`);
});

t.test('several rings at once are one interrupt with their count', async (t) => {
  using fd = createEventfd();
  t.ok(ringEventfd(fd, 5));
  t.ok(ringEventfd(fd, 2 ** 53));
  t.equal(drainEventfd(fd), 2n ** 53n + 5n);
});

t.test('to drain a silent doorbell made blocking does not hang', async (t) => {
  using fd = createEventfd();
  makeBlocking(fd.rawFd);
  t.equal(drainEventfd(fd), 0n);
  t.ok(ringEventfd(fd));
  t.equal(drainEventfd(fd), 1n);
});

t.test('a ring that finds the count full is false', async (t) => {
  using fd = createEventfd();
  failing(t, 'eventfd_write', 'EAGAIN');
  t.notOk(ringEventfd(fd));
});

t.test('a ring that fails is told', async (t) => {
  using file = new Fd(openSync('/dev/null', 'r'));
  t.throws(() => ringEventfd(file), { code: 'EBADF', syscall: 'write' }, 'not open for writing');
});

t.test('a doorbell that the kernel overflowed cannot be rung until it is drained', async (t) => {
  using fd = createEventfd();
  overflowEventfd(fd);
  t.equal(inspectEventfd(fd).count, FULL + 1n);
  t.notOk(ringEventfd(fd));
  t.equal(drainEventfd(fd), FULL + 1n);
  t.ok(ringEventfd(fd));
  t.equal(drainEventfd(fd), 1n);
});

t.test('to look takes nothing', async (t) => {
  using fd = createEventfd();
  ringEventfd(fd);
  t.strictSame(inspectEventfd(fd), inspectEventfd(fd));
  t.equal(drainEventfd(fd), 1n);
});

t.test('another process rings the same eventfd, under the same identity', async (t) => {
  using fd = createEventfd();
  using other = createEventfd();
  const script = String.raw`cat /proc/self/fdinfo/3; printf '\1\0\0\0\0\0\0\0' >&3`;
  const { stdout } = spawnSync('sh', ['-c', script], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit', fd.rawFd],
  });
  const { id, count } = inspectEventfd(fd);
  t.match(stdout, new RegExp(`^eventfd-id:\\s*${id}$`, 'm'));
  t.equal(count, 1n);
  t.not(inspectEventfd(other).id, id);
});

t.test('what is no eventfd has no count', async (t) => {
  using file = new Fd(openSync('/dev/null', 'w'));
  t.throws(() => inspectEventfd(file), { code: 'EINVAL' });
});

t.test('a drain that fails is told', async (t) => {
  using file = new Fd(openSync('/dev/null', 'w'));
  t.throws(() => drainEventfd(file), { code: 'EBADF', syscall: 'preadv2' }, 'not open for reading');
});

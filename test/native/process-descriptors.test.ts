// What is tested here is another process's: a shell that has what the test gave it.
import { closeSync, mkdirSync, openSync } from 'node:fs';
import { spawn } from 'node:child_process';
import t, { type Test } from 'tap';
import { createEventfd, inspectEventfd } from '../../native/eventfd.js';
import { libc } from '../../native/libc.js';
import { processDescriptors, processEventfds } from '../../native/process-descriptors.js';
import { temp } from '../helper/temp.js';
import { unprivileged } from './other-user.js';

/** A process with these as 3 and so on; the kernel ends it with the test. */
function holder(t: Test, ...rawFds: number[]): number {
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', 'sleep', '60'], {
    stdio: ['ignore', 'ignore', 'ignore', ...rawFds],
  });
  t.teardown(
    () =>
      new Promise((resolve) => {
        child.once('exit', resolve);
        child.kill('SIGKILL');
      }),
  );
  return child.pid ?? 0;
}

t.test('what a process has open is told by number and target', async (t) => {
  const directory = temp(t);
  const rawFd = openSync(directory, 'r');
  const pid = holder(t, rawFd);
  closeSync(rawFd);
  const found = processDescriptors(pid)?.find(({ number }) => number === 3);
  t.strictSame(found, { number: 3, target: directory });
});

t.test('an eventfd has one number in every process that has it', async (t) => {
  using a = createEventfd();
  using b = createEventfd();
  using c = createEventfd();
  const pid = holder(t, a.rawFd, b.rawFd, a.rawFd);
  t.strictSame(processEventfds(pid), new Set([a, b].map((fd) => inspectEventfd(fd).id)));
  t.ok(processEventfds(process.pid)?.has(inspectEventfd(c).id), 'of ourselves, too');
});

t.test('a process that is gone has nothing, and neither has one that is not ours', async (t) => {
  t.equal(processDescriptors(2 ** 22 + 1), undefined);
  t.equal(processEventfds(2 ** 22 + 1), undefined);
  if (process.getuid?.() === 0) {
    const pid = holder(t);
    unprivileged(() => t.equal(processDescriptors(pid), undefined));
  }
});

t.test('a descriptor that is closed while we look is not there', async (t) => {
  // The listing's own descriptor is in the listing, and closed when its target is asked for.
  const numbers = processDescriptors(process.pid)?.map(({ number }) => number) ?? [];
  t.ok(numbers.length > 2);
  mkdirSync(`${temp(t)}/x`);
  t.notOk(numbers.some((number) => libc.fcntl(number, 1, 0) < 0));
});

t.test('an eventfd whose number the kernel does not tell any more is left out', async (t) => {
  using fd = createEventfd();
  const { open } = libc;
  t.teardown(() => (libc.open = open));
  // Gone between the listing and the look.
  libc.open = (path, ...rest) => open(path.replace('/fdinfo/', '/gone/'), ...rest);
  t.strictSame(processEventfds(process.pid), new Set());
  t.ok(fd.isOpen);
});

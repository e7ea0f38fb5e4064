import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import {
  descriptorCount,
  descriptorLimit,
  growDescriptorTable,
  ownDescriptorLimit,
} from '../../native/descriptor-limit.js';
import { createEventfd } from '../../native/eventfd.js';
import { Child } from '../helper/child.js';
import { failing } from '../helper/fault.js';
import { need } from '../helper/need.js';
import type { Scope } from '../helper/temp.js';
import { until } from '../helper/until.js';
import { withDescriptorLimit } from './no-room.js';
import { unprivileged } from './other-user.js';

/** The ID of a process that has ended. */
async function departed(t: Scope): Promise<number> {
  const child = new Child(t, ['true']);
  const { pid } = child;
  await child.exit;
  return pid;
}

function statusOf(pid: number): string {
  return readFileSync(`/proc/${pid}/status`, 'latin1');
}

t.test('our own limit is the soft one, in force now', async (t) => {
  const soft = /^Max open files +(\d+)/m.exec(readFileSync('/proc/self/limits', 'latin1'))?.[1];
  t.equal(ownDescriptorLimit(), Number(soft));
  t.equal(withDescriptorLimit(100, ownDescriptorLimit), 100);
  t.equal(ownDescriptorLimit(), Number(soft));
});

t.test("another process's limit is its own", async (t) => {
  const child = new Child(t, ['sleep', '1000'], { fdLimit: 123 });
  await until('the limit is set', () => descriptorLimit(child.pid) === 123);
  t.not(ownDescriptorLimit(), 123);
});

t.test('process 0 is nobody we can see, not ourselves', async (t) => {
  t.equal(descriptorLimit(0), undefined);
});

t.test('a process that has ended has neither limit nor count', async (t) => {
  const pid = await departed(t);
  t.equal(descriptorLimit(pid), undefined);
  t.equal(descriptorCount(pid), undefined);
});

t.test("another user's limit is not told to us", need('root'), async (t) => {
  const otherUser = ['setpriv', '--reuid', '65533', '--clear-groups', 'sleep', '1000'];
  const { pid } = new Child(t, otherUser, { fdLimit: 123 });
  await until('it is another user', () => /^Uid:\s+65533\s/m.test(statusOf(pid)));
  const limit = unprivileged(() => descriptorLimit(pid));
  t.equal(limit, undefined);
});

t.test('an error that says neither is told', async (t) => {
  failing(t, 'prlimit', 'EINVAL');
  t.throws(() => descriptorLimit(1), { code: 'EINVAL', syscall: 'prlimit' });
  t.throws(ownDescriptorLimit, { code: 'EINVAL', syscall: 'prlimit' });
});

t.test('the count is that of the descriptors open now', async (t) => {
  const before = descriptorCount('self') ?? NaN;
  const fds = [createEventfd(), createEventfd(), createEventfd()];
  t.equal(descriptorCount('self'), before + 3);
  t.equal(descriptorCount(process.pid), before + 3);
  for (const fd of fds) fd.close();
  t.equal(descriptorCount('self'), before);
});

t.test("another process's count is what its directory lists", async (t) => {
  const child = new Child(t, ['cat']);
  child.stdin.write('it runs');
  await once(child.stdout, 'data');
  t.equal(descriptorCount(child.pid), readdirSync(`/proc/${child.pid}/fd`).length);
});

t.test('a process that closed them all has 0', async (t) => {
  const closeAll = 'for fd in /proc/self/fd/*; do eval "exec ${fd##*/}<&-"; done';
  const { pid } = new Child(t, ['bash', '-c', `${closeAll}; exec sleep 1000`]);
  await until('all are closed', () => descriptorCount(pid) === 0);
  t.match(statusOf(pid), /^State:\s+[SR]/m, 'and it lives');
});

t.test('a table that has grown takes no descriptor, and not more than the limit', async (t) => {
  const before = descriptorCount('self');
  growDescriptorTable(ownDescriptorLimit());
  const size = Number(/^FDSize:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]);
  t.ok(size >= Math.min(ownDescriptorLimit(), 20_000), `${size}`);
  t.equal(descriptorCount('self'), before);
  t.throws(() => growDescriptorTable(ownDescriptorLimit() + 1), {
    code: 'EINVAL',
    syscall: 'fcntl',
  });
});

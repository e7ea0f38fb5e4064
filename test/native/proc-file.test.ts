// Files of /proc that others decide about, and files of a test's own where the kernel has none like it.
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import t from 'tap';
import { descriptorCount } from '../../native/descriptor-limit.js';
import { Fd } from '../../native/fd.js';
import { MAX_PROC_FILE_BYTES, readProcFile } from '../../native/proc-file.js';
import { Child } from '../helper/child.js';
import { failing } from '../helper/fault.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';
import { withoutRoom } from './no-room.js';

t.test('a file is read whole up to its limit, and not at all beyond', async (t) => {
  const path = `${temp(t)}/f`;
  for (const [size, limit] of [
    [0, 0],
    [5, 5],
    [4_096, 4_096],
    [MAX_PROC_FILE_BYTES, undefined],
    [MAX_PROC_FILE_BYTES, Infinity],
  ] as const) {
    writeFileSync(path, 'x'.repeat(size));
    t.equal(readProcFile(path, limit), 'x'.repeat(size));
    writeFileSync(path, 'x'.repeat(size + 1));
    t.equal(readProcFile(path, limit), undefined, `one more than ${size}`);
  }
});

t.test('what comes in pieces is put together', async (t) => {
  const text = readProcFile('/proc/self/mounts');
  t.ok(text?.endsWith('\n'));
  const args = Array.from({ length: 600 }, (_, index) => String(index).repeat(30));
  const child = new Child(t, ['sh', '-c', 'read line', ...args]);
  const own = await until('it runs', () => {
    const line = readProcFile(`/proc/${child.pid}/cmdline`);
    return line?.startsWith('sh\0') && line;
  });
  t.equal(own, ['sh', '-c', 'read line', ...args, ''].join('\0'), 'many pages of it');
});

t.test('a command line of a mebibyte is none', async (t) => {
  const args = Array.from({ length: 1_024 }, () => 'x'.repeat(1_023));
  const child = new Child(t, ['sh', '-c', 'echo ready; read line', ...args]);
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  await until('it runs', () => said === 'ready\n');
  t.equal(readProcFile(`/proc/${child.pid}/cmdline`), undefined);
});

t.test('nobody waits for a pipe that nobody writes to', async (t) => {
  const path = `${temp(t)}/fifo`;
  execFileSync('mkfifo', [path]);
  t.equal(readProcFile(path), '');
});

for (const code of ['ENOENT', 'ESRCH', 'EACCES', 'EPERM', 'ENAMETOOLONG'] as const) {
  for (const call of ['open', 'read'] as const) {
    t.test(`${code} from ${call} is nothing known`, async (t) => {
      const before = Fd.open;
      failing(t, call, code);
      t.equal(readProcFile('/proc/self/cgroup'), undefined);
      t.equal(Fd.open, before);
    });
  }
}

t.test('a process that is not there is nothing known', async (t) => {
  t.equal(readProcFile('/proc/0/cmdline'), undefined);
});

t.test('without a descriptor to look with it is an error, not nothing', async (t) => {
  const before = descriptorCount('self');
  const path = '/proc/self/cgroup';
  const error = { code: 'EMFILE', syscall: 'open', path };
  t.throws(() => withoutRoom(() => readProcFile(path)), error);
  failing(t, 'read', 'ENOMEM');
  t.throws(() => readProcFile(path), { code: 'ENOMEM', syscall: 'read', path });
  t.equal(descriptorCount('self'), before);
});

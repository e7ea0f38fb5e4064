// The end of the parent is the end of a process that asked for it.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import t from 'tap';
import { dieWithParent } from '../../native/parent-death.js';
import { failing } from '../helper/fault.js';
import { isRunning, isStopped } from '../helper/look.js';
import { until } from '../helper/until.js';

const native = new URL('../../native/parent-death.js', import.meta.url).href;
const child = `import(${JSON.stringify(native)}).then(({ dieWithParent }) => {
  dieWithParent();
  console.log(process.pid);
  setInterval(() => undefined, 1000);
})`;
const parent = `require('node:child_process').spawn(process.execPath, ['-e', ${JSON.stringify(child)}],
  { stdio: ['ignore', 'inherit', 'inherit'] })`;

t.test('a child that is stopped dies with its parent', async (t) => {
  const process_ = spawn(process.execPath, ['-e', parent], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  t.teardown(() => process_.kill('SIGKILL'));
  const [text] = (await once(process_.stdout, 'data')) as [Buffer];
  const pid = Number(text);
  process.kill(pid, 'SIGSTOP');
  await until('it stands still', () => isStopped(pid));
  process_.kill('SIGKILL');
  await until('it is gone', () => !isRunning(pid));
});

t.test('what the kernel says no to is an error', (t) => {
  dieWithParent(); // as this test should do in any case
  failing(t, 'prctl', 'EINVAL');
  t.throws(dieWithParent, { code: 'EINVAL', syscall: 'prctl' });
  t.end();
});

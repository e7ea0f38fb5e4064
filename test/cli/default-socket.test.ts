// Where a server listens when nobody says where. Each case is a process: it depends on the user.
import { existsSync } from 'node:fs';
import t from 'tap';
import { asUser } from '../helper/as-user.js';
import { run } from '../helper/command.js';
import { need } from '../helper/need.js';

const module = new URL('../../src/cli/default-socket.js', import.meta.url).href;
const script = `console.log((await import('${module}')).defaultSocket())`;
const uid = 54_321;

for (const [title, prefix, env, expected] of [
  ['root', asUser(0), {}, '/run/ivshmem.sock'],
  ['root in a session', asUser(0), { XDG_RUNTIME_DIR: '/x' }, '/run/ivshmem.sock'],
  ['a user in a session', asUser(uid), { XDG_RUNTIME_DIR: '/x' }, '/x/ivshmem.sock'],
  ['a user without one', asUser(uid), { TMPDIR: '/t' }, `/t/ivshmem-${uid}.sock`],
  [
    'an empty variable',
    asUser(uid),
    { XDG_RUNTIME_DIR: '', TMPDIR: '/t' },
    `/t/ivshmem-${uid}.sock`,
  ],
] as const) {
  t.test(`the default socket of ${title} is ${expected}`, need('root'), async (t) => {
    t.notOk(existsSync(`/run/user/${uid}`), 'nobody is logged in by this number');
    const argv = [...prefix, process.execPath, '--input-type=module', '-e', script];
    const { stdout, stderr } = await run(t, argv, { env: { PATH: process.env['PATH'], ...env } });
    t.same({ stdout, stderr }, { stdout: `${expected}\n`, stderr: '' });
  });
}

// Whom commands believe, as users who are none of root's.
import { chmodSync, existsSync } from 'node:fs';
import t from 'tap';
import { asUser } from '../helper/as-user.js';
import { Child } from '../helper/child.js';
import { ivshmem, run } from '../helper/command.js';
import { need } from '../helper/need.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';

const [OURS, STRANGER] = [1_234, 1_235];

// Answers what it is told to, and says what it was asked.
const script = `
const [path] = process.argv.slice(1);
const body = '{"version":"9","pid":1,"startedAt":"2026-11-25T10:00:00.000Z","descriptors":{"used":1,"limit":2},"regions":[]}';
const http = require('node:http');
http.createServer((request, response) => {
  console.log(request.method);
  response.setHeader('Server', 'ivshmem/x').end(body);
}).listen(path, () => require('node:fs').chmodSync(path, 0o666));`;

t.test("a stranger's control socket is neither asked nor believed", need('root'), async (t) => {
  const directory = temp(t);
  chmodSync(directory, 0o1777);
  const served = async (uid: number): Promise<{ path: string; said: () => string }> => {
    const path = `${directory}/${uid}`;
    const child = new Child(t, [...asUser(uid), process.execPath, '-e', script, '--', path]);
    let said = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
    await until('it listens', () => existsSync(path));
    return { path, said: () => said };
  };
  const [own, strange] = [await served(OURS), await served(STRANGER)];
  for (const words of [['status'], ['events'], ['evict', 'lab', '1'], ['reload']])
    t.match(await run(t, [...asUser(OURS), ...ivshmem, ...words, '--control', strange.path]), {
      code: 1,
      stdout: '',
      stderr: `ivshmem ${words[0]}: user ${STRANGER} has ${strange.path}; if its server is meant, run this as root; if not, name another with --control\n`,
    });
  const doctor = await run(t, [...asUser(OURS), ...ivshmem, 'doctor', '--control', strange.path]);
  t.match(doctor.stdout, `user ${STRANGER} has ${strange.path}`);
  t.equal(strange.said(), '', 'it was asked for nothing');
  for (const [uid, { path }] of [
    [OURS, own],
    [0, strange],
  ] as const)
    t.match(await run(t, [...asUser(uid), ...ivshmem, 'status', '--control', path]), { code: 0 });
});

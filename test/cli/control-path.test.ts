// Rule 1: /run is a directory of the test's own, in a mount namespace in which the command runs.
import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { asUser } from '../helper/as-user.js';
import { ivshmem, run, type Ended } from '../helper/command.js';
import { need } from '../helper/need.js';
import { temp } from '../helper/temp.js';

const CANDIDATES = {
  unit: '/run/ivshmem/control.sock',
  own: '/run/ivshmem-control.sock',
  lab: '/run/ivshmem/lab.control.sock',
  web: '/run/ivshmem/web.control.sock',
  tmp: '/run/tmp/ivshmem-1234-control.sock',
} as const;

type Name = keyof typeof CANDIDATES;

// At the first somebody listens, who hangs up; at the second nobody does any more. Then the command runs.
const script = `
import { chownSync, renameSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { once } from 'node:events';
import { spawn } from 'node:child_process';
const [served, left, strange, command] = process.argv.slice(2).map((text) => JSON.parse(text));
for (const path of [...served, ...left]) {
  const server = createServer((socket) => socket.resume().end());
  server.listen(left.includes(path) ? path + '.new' : path);
  await once(server, 'listening');
  if (!left.includes(path)) continue;
  renameSync(path + '.new', path);
  writeFileSync(path + '.lock', '', { mode: 0o400 });
  server.close();
}
for (const path of strange) chownSync(path, 1235, 1235);
const child = spawn(command[0], command.slice(1), { stdio: 'inherit' });
child.on('exit', (code) => process.exit(code));`;

/** What is /run then. */
function runDirectory(t: Test): string {
  const directory = temp(t);
  for (const [path, mode] of [
    ['', 0o755],
    ['/ivshmem', 0o755],
    ['/tmp', 0o1777],
  ] as const) {
    mkdirSync(`${directory}${path}`, { recursive: true });
    chmodSync(`${directory}${path}`, mode);
  }
  return directory;
}

interface Scene {
  readonly served?: readonly Name[];
  readonly left?: readonly Name[];
  /** Those of another user. */
  readonly strange?: readonly Name[];
  readonly as?: readonly string[];
}

/** What a command says of such servers. */
async function said(
  t: Test,
  { served = [], left = [], strange = [], as = [] }: Scene,
  ...words: string[]
): Promise<Ended> {
  const file = `${temp(t)}/scene.mjs`;
  writeFileSync(file, script);
  const paths = [served, left, strange].map((names) => names.map((name) => CANDIDATES[name]));
  const args = [...paths, [...as, ...ivshmem, ...words]].map((each) => JSON.stringify(each));
  const make = `mount --bind ${runDirectory(t)} /run; exec "$@"`;
  const node = [process.execPath, file, ...args];
  return run(t, ['unshare', '--mount', 'sh', '-ec', make, 'sh', ...node]);
}

t.test(
  'the only instance of the unit is found, and does not hide the others',
  need('root'),
  async (t) => {
    for (const [served, found] of [
      [['lab'], 'lab'],
      [['own', 'lab'], 'own'],
      [['unit', 'own', 'lab', 'web'], 'unit'],
    ] as const) {
      const { code, stderr } = await said(t, { served }, 'status');
      t.equal(code, 1);
      t.match(stderr, `ivshmem status: ${CANDIDATES[found]}: ECONNRESET`);
    }
    t.match(await said(t, {}, 'status'), { code: 1, stderr: `${CANDIDATES.unit}: ENOENT` });
  },
);

t.test('what a server left does not hide one that lives', need('root'), async (t) => {
  for (const [left, served] of [
    ['unit', 'own'],
    ['unit', 'lab'],
    ['lab', 'web'],
  ] as const)
    for (const word of ['status', 'events', 'reload'])
      t.match(await said(t, { left: [left], served: [served] }, word), {
        code: 1,
        stderr: `ivshmem ${word}: ${CANDIDATES[served]}: ECONNRESET`,
      });
  for (const left of [['own'], ['lab', 'web']] as const)
    t.match(await said(t, { left }, 'status'), {
      code: 1,
      stderr: `${CANDIDATES[left[0]]}: ECONNREFUSED; its server has ended: start it again`,
    });
});

t.test("a stranger's does not hide the unit's", need('root'), async (t) => {
  const as = [...asUser(1234), 'env', '-u', 'XDG_RUNTIME_DIR', 'TMPDIR=/run/tmp'];
  const strange: Scene = { served: ['unit', 'tmp'], strange: ['tmp'], as };
  t.match(await said(t, strange, 'status'), { code: 1, stderr: `${CANDIDATES.unit}: EACCES` });
  const own: Scene = { served: ['unit', 'tmp'], as };
  t.match(await said(t, own, 'status'), { code: 1, stderr: `${CANDIDATES.tmp}: EACCES` });
});

t.test('of several instances none is guessed: they are named', need('root'), async (t) => {
  const list = `${CANDIDATES.lab}, ${CANDIDATES.web}`;
  const scene: Scene = { served: ['web', 'lab'] };
  for (const word of ['status', 'events', 'reload'])
    t.match(await said(t, scene, word), {
      code: 2,
      stderr: `ivshmem ${word}: --control: several servers are here: name one of ${list}`,
    });
  const { stdout } = await said(t, scene, 'doctor', '--json');
  const all = JSON.parse(stdout) as { check: string; message: string }[];
  t.match(
    all.filter(({ check }) => check === 'doorbells'),
    [{ severity: 'note', message: new RegExp(`name one of ${list}`), remedy: /--control/ }],
    'and the doctor looks at the rest',
  );
});

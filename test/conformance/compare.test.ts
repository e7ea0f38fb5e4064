// `npm run compare` as people and programs call it.
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import ts from 'typescript';
import { checks } from '../../conformance/catalogue.js';
import type { Row } from '../../conformance/table.js';
import { Child } from '../helper/child.js';
import { forEach, run, type Ended } from '../helper/command.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';
import { leftovers } from './leftovers.js';

const compare = [
  process.execPath,
  fileURLToPath(new URL('../../conformance/run.js', import.meta.url)),
];
const careless = fileURLToPath(new URL('careless-server.js', import.meta.url));

/** A program `other` in a directory of its own: a server that is like this. */
function otherServer(t: Test): string {
  const path = join(temp(t), 'other');
  writeFileSync(path, `#!/bin/sh\nulimit -c 0\nexec ${process.execPath} ${careless} "$@"\n`);
  chmodSync(path, 0o755);
  return path;
}

/** Runs the command, its temporary files in a directory that has to be empty afterwards. */
async function compared(
  t: Test,
  args: readonly string[],
  env: NodeJS.ProcessEnv = {},
  argv: readonly string[] = compare,
): Promise<Ended> {
  const TMPDIR = temp(t);
  const ended = await run(t, [...argv, ...args], { env: { ...process.env, TMPDIR, ...env } });
  t.same([...readdirSync(TMPDIR), ...leftovers()], []);
  return ended;
}

t.test('ours alone, without a server: it does all right', async (t) => {
  const { code, stdout, stderr } = await compared(t, ['--json']);
  t.same({ code, stderr }, { code: 0, stderr: '' });
  const { servers, checks: rows } = JSON.parse(stdout) as {
    servers: Record<string, string[]>;
    checks: Row[];
  };
  t.match(servers, { ours: [process.execPath, /ivshmem-server\.js$/] });
  const wanted = checks.filter(({ isLong = false }) => !isLong);
  t.same(
    rows.map(({ name, what }) => ({ name, what })),
    wanted.map(({ name, what }) => ({ name, what })),
  );
  for (const { name, verdicts } of rows) {
    t.same(Object.keys(verdicts), ['ours']);
    t.match(verdicts['ours'], { verdict: 'works' }, name);
  }
});

t.test('programs get what fails, and how', async (t) => {
  const args = [otherServer(t), '--json', '--only', 'help'];
  const { code, stdout } = await compared(t, args, { CARELESS: 'failing-help' });
  t.equal(code, 0);
  t.match(JSON.parse(stdout), {
    servers: { ours: [], other: [/\/other$/] },
    checks: [
      {
        name: 'help',
        verdicts: {
          ours: { verdict: 'works' },
          other: { verdict: 'fails', how: 'ends with exit 1' },
        },
      },
    ],
  });
});

t.test(
  'people get a row for each check, a column for each server; the exit code is about ours',
  async (t) => {
    const args = [otherServer(t), '--only', 'help', 'connect-and-close'];
    const { code, stdout, stderr } = await compared(t, args, { CARELESS: 'exit-on-hang-up' });
    t.equal(code, 0);
    const [heading, ...rows] = stdout.trimEnd().split('\n');
    t.match(heading, /^check +what is done +ours +other$/);
    t.match(rows, [
      /^connect-and-close {2}100 clients that connect and close at once {2}works +dies: exit 0$/,
      /^help {15}-h: .* works +works$/,
    ]);
    t.match(stderr, 'connect-and-close, ours: works\nconnect-and-close, other: dies: exit 0\n');
  },
);

t.test('colours are for terminals, and for who wants them', async (t) => {
  const command = [...compare, otherServer(t), '--only', 'help'].map((word) => `'${word}'`);
  const terminal = ['script', '-qefc', command.join(' '), '/dev/null'];
  const env = { TERM: 'xterm', CARELESS: 'terse' };
  await forEach([undefined, '', '1'], async (NO_COLOR) => {
    const { code, stdout } = await compared(t, [], { ...env, NO_COLOR }, terminal);
    t.equal(code, 0);
    t.equal(stdout.includes('\x1b[32mworks'), NO_COLOR !== '1');
    t.equal(stdout.includes('\x1b[31mfails: says nothing of -v'), NO_COLOR !== '1');
  });
});

t.test('the exit code is 1 when ours does not pass', async (t) => {
  // No server answers that soon.
  const args = ['--only', 'handshake', '--wait', '0.000001'];
  const { code, stdout } = await compared(t, args);
  t.equal(code, 1);
  t.match(stdout, /^handshake .* hangs: never: 0 0 /m);
});

t.test('a wrong call ends with 2, in one line', async (t) => {
  const directory = temp(t);
  writeFileSync(`${directory}/file`, '');
  mkdirSync(`${directory}/directory`);
  const calls: readonly (readonly [string[], RegExp])[] = [
    [[`${directory}/missing`], /missing is not a program that can be started/],
    [[`${directory}/file`], /file is not a program that can be started/],
    [[`${directory}/directory`], /directory is not a program that can be started/],
    [['/bin/true', '/bin/false'], /one server at a time, and not also \/bin\/false/],
    [['--only', 'help', 'tea'], /there is no check tea/],
    [['--only'], /--only: the names of checks are missing/],
    [['--tea'], /Unknown argument: tea/],
    [['--wait', '0'], /--wait 0: it takes more than 0 seconds/],
    [['--wait', 'x'], /--wait NaN/],
  ];
  await forEach(calls, async ([args, reason]) => {
    const { code, stdout, stderr } = await run(t, [...compare, ...args]);
    t.match({ code, stdout, stderr }, { code: 2, stdout: '', stderr: reason });
    t.match(stderr, /^compare: .*; see --help\n$/);
  });
});

t.test('help has the checks and examples', async (t) => {
  const { code, stdout } = await run(t, [...compare, '--help']);
  t.equal(code, 0);
  for (const { name, what } of checks) t.ok(stdout.includes(`  ${name.padEnd(18)}  ${what}`), name);
  t.match(stdout, '--only handshake leaves');
});

t.test('a server that leaves somebody with its streams holds nothing up', async (t) => {
  const path = join(temp(t), 'parent');
  const pidFile = `${path}.pid`;
  // Without environment and in a session of its own it cannot be found: it is ours to end.
  const stray = `setsid env -i sleep 60 & echo $! >${pidFile}`;
  writeFileSync(path, `#!/bin/sh\n${stray}\nexec ${process.execPath} ${careless} "$@"\n`);
  chmodSync(path, 0o755);
  t.teardown(() => process.kill(Number(readFileSync(pidFile, 'latin1')), 'SIGKILL'));
  const { code, stdout } = await compared(t, [path, '--only', 'handshake', '--json']);
  t.equal(code, 0);
  const [row] = (JSON.parse(stdout) as { checks: Row[] }).checks;
  t.match(row?.verdicts, { ours: { verdict: 'works' }, parent: { verdict: 'works' } });
});

t.test('interrupted, it leaves nothing behind', async (t) => {
  const TMPDIR = temp(t);
  const env = { ...process.env, TMPDIR, CARELESS: 'asleep' };
  const args = [otherServer(t), '--only', 'handshake', '--wait', '1000'];
  const child = new Child(t, [...compare, ...args], { env });
  child.stdout.resume();
  await until('the other one is waited for', () => {
    return child.stderr.includes('ours: works') && readdirSync(TMPDIR).length > 0;
  });
  child.kill('SIGINT');
  t.match(await child.exit, { code: 130 });
  t.same([...readdirSync(TMPDIR), ...leftovers(child.pid)], []);
});

t.test('what the kit knows, it does not know from src', async (t) => {
  const root = fileURLToPath(new URL('../../../', import.meta.url));
  const seen = new Set<string>();
  const queue = [join(root, 'conformance/run.ts')];
  for (let file = queue.pop(); file !== undefined; file = queue.pop()) {
    if (seen.has(file)) continue;
    seen.add(file);
    for (const { fileName } of ts.preProcessFile(readFileSync(file, 'utf8')).importedFiles) {
      if (fileName.startsWith('.'))
        queue.push(join(dirname(file), fileName.replace(/\.js$/, '.ts')));
    }
  }
  const files = [...seen].map((file) => relative(root, file));
  t.ok(files.includes('test/helper/strict-rules.ts'));
  t.same(
    files.filter((file) => file.startsWith('src/')),
    [],
  );
});

import { existsSync, readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { runFile, type RunOptions } from './run-file.js';

/** Runs a script as a test file. */
function run(t: Test, script: string, options: Partial<RunOptions> = {}) {
  const file = `${t.testdir({ 'file.mjs': `import t from 'tap';\n${script}` })}/file.mjs`;
  return runFile(file, { timeoutMs: 60_000, ...options });
}

t.test('assertions in subtests count, the subtests do not', async (t) => {
  const { passed, failures, skips } = await run(
    t,
    `t.ok(1); t.test('a', async (t) => { t.ok(1); t.test('b', async (t) => { t.ok(1); }); });`,
  );
  t.same({ passed, failures, skips }, { passed: 3, failures: [], skips: [] });
});

t.test('a failure is told once, with its place and its path', async (t) => {
  const { passed, failures } = await run(
    t,
    `t.test('a', async (t) => { t.test('b', async (t) => { t.ok(1); t.equal(1, 2, 'same'); }); });`,
  );
  t.equal(passed, 1);
  t.equal(failures.length, 1);
  t.match(failures[0], /^a > b > same\n[^]*file\.mjs:2$/m);
});

t.test('a skip is told with its reason, a todo and a skipped file too', async (t) => {
  const { skips } = await run(
    t,
    `t.ok(1); t.test('a', { skip: 'no sun; wait' }, async () => {}); t.test('b', { todo: true });`,
  );
  t.same(skips, ['no sun; wait', 'todo: b']);
  t.same((await run(t, `t.plan(0, 'no moon');`)).skips, ['no moon']);
});

t.test('with noSkip a skip is a failure', async (t) => {
  const script = `t.ok(1); t.test('a', { skip: 'no sun' }, async () => {});`;
  const { failures, skips } = await run(t, script, { noSkip: true });
  t.equal(failures.length, 1);
  t.match(failures[0], /no sun/);
  t.same(skips, []);
});

/** The process state letter, such as `S` for sleeping; nothing for a process that is gone. */
function stateOf(pid: number): string | undefined {
  const file = `/proc/${pid}/stat`;
  return existsSync(file) ? readFileSync(file, 'latin1').split(') ')[1]?.[0] : undefined;
}

const failing = {
  'no assertions, exited with 7': `process.exitCode = 7;`,
  'no assertions': `t.test('empty', async () => {});`,
  'exited with 3': `t.ok(1); process.on('exit', () => { process.exitCode = 3; });`,
  'killed by SIGSEGV': `t.ok(1); process.kill(process.pid, 'SIGSEGV'); await new Promise(() => {});`,
  'bailed out: the sky falls, exited with 1': `t.ok(1); t.bailout('the sky falls');`,
};

for (const [failure, script] of Object.entries(failing)) {
  t.test(`a file fails: ${failure}`, async (t) => {
    t.same((await run(t, script)).failures, [failure]);
  });
}

t.test('an exception outside of tests fails the file', async (t) => {
  const { failures } = await run(t, `t.ok(1); throw new Error('oops');`);
  t.equal(failures.length, 1);
  t.match(failures[0], /oops/);
});

t.test('a file that cannot be loaded fails', async (t) => {
  const { failures, output } = await run(t, `import './missing.js';`);
  t.same(failures, ['no assertions, exited with 1']);
  t.match(output, /Cannot find module/);
});

t.test('a test that never ends fails the file', async (t) => {
  const { failures } = await run(t, `t.test('a', async () => new Promise(() => {}));`);
  t.equal(failures.length, 1);
});

t.test('a file that hangs is killed in time, with all it started', async (t) => {
  const { failures, output } = await run(
    t,
    `import { spawn } from 'node:child_process';
    t.ok(1);
    const { pid } = spawn('sleep', ['1000'], { stdio: 'inherit' });
    console.log('started', pid);
    setInterval(() => {}, 1000);`,
    { timeoutMs: 1_000 },
  );
  t.ok(failures.some((failure) => failure.startsWith('timed out after 1 s')));
  const pid = Number(/started (\d+)/.exec(output)?.[1]);
  t.not(stateOf(pid), 'S', 'gone, or a zombie that nobody reaps');
});

t.test('what a file prints besides TAP is kept', async (t) => {
  const { output } = await run(t, `t.ok(1); console.error('to stderr'); console.log('to stdout');`);
  t.equal(output, 'to stderr\nto stdout\n');
});

// The form of what `npm run bench` says. No times: these belong to a machine at rest.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { pairs } from '../../bench/catalogue.js';
import type { Result } from '../../bench/measure.js';
import { Child } from '../helper/child.js';
import { need } from '../helper/need.js';

const bench = fileURLToPath(new URL('../../bench/run.js', import.meta.url));
const sources = new URL('../../../bench/', import.meta.url);

/** Runs the command to its end, and gives what it wrote. */
async function run(t: Test, ...args: readonly string[]) {
  const child = new Child(t, [process.execPath, bench, ...args]);
  let stdout = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  return { ...(await child.exit), stdout };
}

t.test('every program pair has its C program', async (t) => {
  const programs = Object.keys(pairs).filter((name) => 'operations' in pairs[name]!);
  t.strictSame(programs.sort(), ['copy', 'ring', 'round-trip', 'spin']);
  for (const name of programs) t.ok(existsSync(new URL(`${name}.c`, sources)), name);
});

t.test(
  'every pair is measured, ours and the other, and the machine told',
  need('cc'),
  async (t) => {
    const { code, stderr, stdout } = await run(t, '--quick', '--json');
    t.equal(code, 0);
    t.match(stderr, /^quick: .*no figures\n$/);
    const { machine, isQuick, results } = JSON.parse(stdout) as {
      machine: Record<string, string>;
      isQuick: boolean;
      results: Result[];
    };
    t.equal(isQuick, true);
    for (const name of ['processors', 'kernel', 'node', 'koffi', 'cc', 'open files'])
      t.match(machine[name], /./, name);
    const rows = Object.values(pairs).flatMap((pair) => ('rows' in pair ? pair.rows : [pair]));
    t.strictSame(
      results.map(({ what }) => what),
      rows.map(({ what }) => what),
    );
    for (const result of results) {
      const { what, ours, other, ratio, lowest, highest, atMost, isWithin } = result;
      t.ok(ours > 0 && other > 0 && lowest <= ratio && ratio <= highest, what);
      t.equal(isWithin, ratio <= atMost, what);
      t.match(result, { name: /./, against: /./, unit: /ns|bytes/, rounds: Number });
    }
  },
);

t.test('people get a table of the pairs that they asked for', need('cc'), async (t) => {
  const { code, stdout } = await run(t, '--quick', '--only', 'ring');
  t.equal(code, 0);
  const [machine = '', table = ''] = stdout.split('\n\n');
  t.match(machine, /^kernel +Linux /m);
  const [heading = '', ...rows] = table.trimEnd().split('\n');
  t.match(heading, /against +ours +other +ratio +spread +at most$/);
  t.equal(rows.length, 1);
  t.match(rows[0], /^ring .* ns .* 2\.50 {2}(ok|missed)$/);
});

t.test('a pair that there is not is a wrong call, in one line', async (t) => {
  const { code, stderr, stdout } = await run(t, '--only', 'tea');
  t.match({ code, stdout }, { code: 2, stdout: '' });
  t.match(stderr, /^bench: .*tea.*; see --help\n$/);
});

t.test('--help names the pairs', async (t) => {
  const { status, stdout } = spawnSync(process.execPath, [bench, '--help'], { encoding: 'utf8' });
  t.equal(status, 0);
  for (const name of Object.keys(pairs)) t.match(stdout, `"${name}"`);
});

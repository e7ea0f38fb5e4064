import { spawnSync } from 'node:child_process';
import t, { type Test } from 'tap';
import ts from 'typescript';
import { findGaps } from './coverage.js';

const source = `export function sum(a: number, b: number): number {
  return a + b;
}
export function pick(flag: boolean): number {
  if (flag) {
    return 1;
  }
  return 2;
}
export function attempt(action: () => number): number {
  try {
    return action();
  } catch {
    return 3;
  } finally {
    sum(1, 2);
  }
}
`;
const load = `import { attempt, pick, sum } from './dist/native/module.js';`;
const callAll = `attempt(() => pick(true)); attempt(() => pick(false)); attempt(null);`;

const { outputText: compiled, sourceMapText: map } = ts.transpileModule(source, {
  fileName: 'module.ts',
  compilerOptions: { target: ts.ScriptTarget.ES2023, sourceMap: true, sourceRoot: '../../native/' },
});

/** The gaps that these calls of the module above leave. */
function gapsAfter(t: Test, calls: string) {
  const root = t.testdir({
    native: { 'module.ts': source, 'type.ts': 'export type A = 1;\n' },
    dist: {
      'package.json': '{ "type": "module" }',
      native: {
        'module.js': compiled,
        'module.js.map': map ?? '',
        'type.js': '// types only\nexport {};\n',
      },
    },
    'use.mjs': calls,
  });
  const rawDirectory = `${root}/raw`;
  const env = { ...process.env, NODE_V8_COVERAGE: rawDirectory };
  const { status } = spawnSync(process.execPath, [`${root}/use.mjs`], { env });
  t.equal(status, 0);
  return findGaps({ gated: ['native'], rawDirectory, reportDirectory: `${root}/report`, root });
}

t.test('complete coverage leaves no gap, and types need none', async (t) => {
  t.same(await gapsAfter(t, `${load} ${callAll}`), []);
});

t.test('a branch not taken is a gap', async (t) => {
  const [gap, ...others] = await gapsAfter(t, `${load} ${callAll.replace('pick(true)', '0')}`);
  t.same(others, []);
  t.same(gap, { file: 'native/module.ts', missing: 'lines 6, 7; branches at 5' });
});

t.test('a function not called is a gap', async (t) => {
  const [gap] = await gapsAfter(t, `${load} pick(true); pick(false); sum(1, 2);`);
  t.match(gap?.missing, /^lines 11, .*; functions attempt at 10$/);
});

t.test('a file not loaded is a gap', async (t) => {
  const missing = 'never loaded by a test';
  t.same(await gapsAfter(t, ''), [{ file: 'native/module.ts', missing }]);
});

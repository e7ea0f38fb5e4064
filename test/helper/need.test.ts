import { spawnSync } from 'node:child_process';
import t, { type Test } from 'tap';
import { need, needFrom } from './need.js';

const needOf = needFrom({
  air: { isMet: () => true, reason: 'no air', remedy: 'open window' },
  water: { isMet: () => false, reason: 'no water', remedy: 'open tap' },
  fire: { isMet: () => false, reason: 'no fire', remedy: 'strike match' },
});

t.test('needs that are met leave a test alone', async (t) => {
  t.same(needOf(), {});
  t.same(needOf('air'), {});
});

t.test('a need that is not met skips with the reason and the remedy', async (t) => {
  t.same(needOf('water'), { skip: 'no water; open tap' });
});

t.test('several unmet needs make one skip', async (t) => {
  t.same(needOf('air', 'water', 'fire'), { skip: 'no water, no fire; open tap && strike match' });
});

t.test('need("root") asks for the effective power of uid 0', async (t) => {
  t.equal(need('root').skip === undefined, process.getuid?.() === 0);
});

/** Runs a file with one unmet need, without QEMU in PATH. */
function runUnmet(t: Test, noSkip: string) {
  const script = `
    import t from 'tap';
    import { need } from ${JSON.stringify(new URL('need.js', import.meta.url).href)};
    t.test('outer', async (t) => { t.test('inner', need('qemu'), async (t) => t.pass()); });`;
  const file = `${t.testdir({ 'unmet.mjs': script })}/unmet.mjs`;
  const env = { PATH: '/nonexistent', IVSHMEM_TEST_NO_SKIP: noSkip };
  return spawnSync(process.execPath, [file], { encoding: 'utf8', env });
}

t.test('an unmet need skips, even in a subtest', async (t) => {
  const { status, stdout } = runUnmet(t, '');
  t.equal(status, 0);
  t.match(stdout, /^ +ok 1 - inner # SKIP qemu-system-x86_64 is not in PATH; apt-get install/m);
});

t.test('under IVSHMEM_TEST_NO_SKIP=1 an unmet need fails with its reason', async (t) => {
  const { status, stdout } = runUnmet(t, '1');
  t.equal(status, 1);
  t.match(stdout, /^ +not ok 1 - inner$/m);
  t.match(stdout, /failedSkip: .*qemu-system-x86_64 is not in PATH/);
});

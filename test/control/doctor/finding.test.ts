import { execFileSync } from 'node:child_process';
import t from 'tap';
import { shellPath, shown } from '../../../src/control/doctor/finding.js';

t.test("somebody's text is shown as it is, but for controls and length", async (t) => {
  t.equal(shown('web 1 – ö'), 'web 1 – ö');
  t.equal(shown('a\u001b[31m'), '"a\\u{1b}[31m"');
  t.equal(shown('x'.repeat(160)), 'x'.repeat(160));
  t.equal(shown('x'.repeat(161)), `${'x'.repeat(160)}…`);
});

t.test('a path that is pasted is one word, and no command', async (t) => {
  for (const path of ['/run/a.sock', '/run/a b', "/run/it's", '/run/$(reboot)', '/run/;x', '/~'])
    t.equal(execFileSync('sh', ['-c', `printf %s ${shellPath(path)}`], { encoding: 'utf8' }), path);
});

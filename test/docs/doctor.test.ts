// The doctor's page beside the doctor.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { checks } from '../../src/control/doctor/checks.js';

const page = readFileSync(new URL('../../../docs/doctor.md', import.meta.url), 'utf8');

t.test('the table has every check, in the order in which they are told', async (t) => {
  const rows = [...page.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, name]) => name);
  t.strictSame(
    rows,
    checks.map(({ name }) => name),
  );
});

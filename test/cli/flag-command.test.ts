import t from 'tap';
import { helpOf, valuesOf } from '../../src/cli/flag-command.js';

const command = {
  name: 'act',
  summary: 'Acts',
  flags: { v: { description: 'verbose' }, S: { value: 'SOCKET', description: 'where' } },
  notes: ['Once.'],
  examples: [['act -v', 'say all']],
} as const;

t.test('help has the whole table, in columns', async (t) => {
  t.equal(
    helpOf(command),
    `act [OPTION]...

Acts.

  -v         verbose
  -S SOCKET  where

Once.

Examples:
  act -v  say all
`,
  );
});

t.test('a flag takes a value if that has a name', async (t) => {
  t.strictSame(valuesOf(command), { v: false, S: true });
});

// The page on the configuration file: its examples are right, and its tables have what the schema has.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { findingsOf } from '../helper/config-file.js';

const root = new URL('../../../', import.meta.url);
const page = readFileSync(new URL('docs/config.md', root), 'utf8');
const schema = JSON.parse(readFileSync(new URL('schema/config.schema.json', root), 'utf8')) as {
  $defs: Record<string, { properties?: object }>;
};

t.test('every piece of YAML is a configuration without a fault', async (t) => {
  const pieces = [...page.matchAll(/^```yaml\n(.*?)^```$/gms)].map(([, text = '']) => text);
  t.ok(pieces.length > 2);
  for (const piece of pieces) t.strictSame(await findingsOf(t, piece), [], piece);
});

for (const [heading, name] of [
  ['Keys of a region', 'region'],
  ['Keys of a rule', 'rule'],
  ['Keys of a VM', 'vm'],
] as const) {
  t.test(`'${heading}' are those of the schema, in its order`, async (t) => {
    const [, section = ''] = page.split(`\n## ${heading}\n`);
    const [table = ''] = section.split('\n## ');
    const keys = [...table.matchAll(/^\| `([a-z-]+)` \|/gm)].map(([, key]) => key);
    t.strictSame(keys, Object.keys(schema.$defs[name]?.properties ?? {}));
  });
}

t.test('every heading that the page names is there', async (t) => {
  for (const [, anchor = ''] of page.matchAll(/\]\(#([^)]+)\)/g))
    t.match(page.toLowerCase(), `\n## ${anchor.replaceAll('-', ' ')}\n`);
});

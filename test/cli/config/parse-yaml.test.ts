// YAML that is none, or none of ours.
import t from 'tap';
import { findingsOf } from '../../helper/config-file.js';

const right = 'regions: {lab: {socket: /run/lab.sock}}\n';
const nothing = '1:1: nothing is given; allowed: a mapping with the key regions';
const twice = 'this key stands here for the second time; allowed: once';
const tag = 'tags (!) are not allowed; write the value as it is';
const deep = '1:1: it is nested too deeply';
const unfolded = '1:1: its aliases (*) unfold to too much';

const regionKeys =
  'allowed: socket, host-socket, socket-mode, socket-group, size, vectors, label, shm-name, mem-path, ' +
  'mem-mode, mem-group, hugepages, max-peers, max-peers-per-user, allow-excess-vectors, access, vms';

const cases: Readonly<Record<string, readonly [text: string, ...findings: string[]]>> = {
  'an empty file': ['', nothing],
  'only a comment': ['# regions\n', nothing],
  'only a text': [
    'regions',
    "1:1: 'regions' is wrong here; allowed: a mapping with the key regions",
  ],
  'a list': ['- a\n', '1:1: a list is wrong here; allowed: a mapping with the key regions'],
  'a second document': [
    `${right}---\nregions: {}\n`,
    '2:1: a second document begins here; allowed: one in a file',
  ],
  'a key that stands twice': [
    'regions:\n  lab:\n    socket: /a\n    vectors: 2\n    socket: /b\n',
    `5:5: ${twice}`,
  ],
  'a region that stands twice': [
    'regions:\n  lab: {socket: /a}\n  lab: {socket: /b, vectors: 0}\n',
    `3:3: ${twice}`,
    '3:30: regions.lab.vectors: 0 is not in 1–2048',
  ],
  'a tab': ['regions:\n\tlab: {}\n', '2:1: a tab cannot indent; use spaces'],
  'a key that is a list': ['? [a]\n: 1\n', '1:3: this is no key; allowed: a plain text'],
  'a tag of its own': ['regions: {lab: {socket: !path /a}}\n', `1:25: ${tag}`],
  'a tag of YAML 1.1': ['regions: {lab: {socket: !!binary aGk=}}\n', `1:25: ${tag}`],
  'a tag of JavaScript': ['regions: {lab: {socket: !!js/function x}}\n', `1:25: ${tag}`],
  'an alias of nothing': [
    'regions: {lab: {socket: *x}}\n',
    '1:25: there is no anchor &x before this',
  ],
  'a merge key': [
    'regions:\n  a: &a {socket: /a}\n  b: {<<: *a, socket: /b}\n',
    `3:7: regions.b.<<: unknown key; ${regionKeys}`,
  ],
  'a region inside itself': [
    'regions: &r {lab: *r}\n',
    '1:14: regions.lab.socket: this key is missing',
    `1:14: regions.lab.lab: unknown key; ${regionKeys}`,
  ],
  'a laugh': [laugh(2), '1:1: regions: this key is missing', ...keysOf(3)],
  'a billion laughs': [laugh(9), unfolded],
  'brackets without end': [`regions: ${'['.repeat(100_000)}`, deep],
  'braces without end': ['{a: '.repeat(50_000), deep],
  'dashes without end': ['- '.repeat(100_000), deep],
  'a long way in': [Array.from({ length: 300 }, (_, n) => `${' '.repeat(n)}a:\n`).join(''), deep],
  'something unclosed': ['regions: "lab\n', '2:1: this is no YAML: Missing closing "quote'],
};

function laugh(levels: number): string {
  const line = (level: number): string =>
    `k${level}: &k${level} [${`*k${level - 1}, `.repeat(9)}]\n`;
  return `k0: &k0 ha\n${Array.from({ length: levels }, (_, level) => line(level + 1)).join('')}`;
}

function keysOf(count: number): string[] {
  return Array.from(
    { length: count },
    (_, n) => `${n + 1}:1: k${n}: unknown key; allowed: control, regions`,
  );
}

for (const [name, [text, ...findings]] of Object.entries(cases)) {
  t.test(`${name} is said with where it is`, async (t) => {
    t.strictSame(await findingsOf(t, text), findings);
  });
}

t.test('lines end as they like', async (t) => {
  const text = '\ufeffregions:\r\n  lab:\r\n    socket: /a\r\n    vectors: 0\r\n';
  t.strictSame(await findingsOf(t, text), ['4:14: regions.lab.vectors: 0 is not in 1–2048']);
  t.strictSame(await findingsOf(t, text.replace('vectors: 0', 'vectors: 2')), []);
});

t.test('an alias, and a version of its own, are no fault', async (t) => {
  const aliases = Array.from({ length: 200 }, (_, n) => `  r${n}: {socket: /r${n}, size: *s}\n`);
  t.strictSame(
    await findingsOf(t, `regions:\n  r: {socket: /r, size: &s 8M}\n${aliases.join('')}`),
    [],
  );
  const old = '%YAML 1.1\n---\nregions: {lab: {socket: /a, allow-excess-vectors: yes}}\n';
  t.strictSame(await findingsOf(t, old), [
    "3:51: regions.lab.allow-excess-vectors: 'yes' is wrong here; allowed: true or false",
  ]);
});

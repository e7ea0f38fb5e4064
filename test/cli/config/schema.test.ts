// The published schema says what the server says, as far as a schema can, and of nothing else.
import { readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { ConfigDocument } from '../../../src/cli/config/document.js';
import { checkRegion } from '../../../src/cli/config/check-region.js';
import { readRegion } from '../../../src/cli/config/read-region.js';
import type { RawRegion } from '../../../src/cli/config/raw-config.js';
import { Report } from '../../../src/cli/config/report.js';
import { schemaFindings } from '../../../src/cli/config/schema.js';
import { serveOptions } from '../../../src/cli/serve-options.js';

interface Schema {
  readonly $schema: string;
  readonly $defs: { readonly region: { readonly properties: object } };
}

const url = new URL('../../../../schema/config.schema.json', import.meta.url);
const manifest = new URL('../../../../package.json', import.meta.url);
const schema = JSON.parse(readFileSync(url, 'utf8')) as Schema;

t.test('it is published, and says which JSON Schema it is', async (t) => {
  const { exports, files } = JSON.parse(readFileSync(manifest, 'utf8')) as {
    exports: Record<string, unknown>;
    files: string[];
  };
  t.equal(exports['./config.schema.json'], './schema/config.schema.json');
  t.ok(files.includes('schema'));
  t.equal(schema.$schema, 'https://json-schema.org/draft/2020-12/schema');
});

t.test('a region has the words of `ivshmem serve`, and those for several regions', async (t) => {
  const ofProcess = [
    'control',
    'fd',
    'user',
    'ready-fd',
    'pid-file',
    'log-level',
    'log-format',
    'config',
  ];
  const words = Object.keys(serveOptions).filter((word) => !ofProcess.includes(word));
  t.strictSame(
    Object.keys(schema.$defs.region.properties).sort(),
    [...new Set([...words, 'access', 'max-peers-per-user', 'vms'])].sort(),
  );
});

/** Values of one key, the first ones right, the others wrong. */
const values: Readonly<Record<string, readonly [right: string[], wrong: string[]]>> = {
  vectors: [
    ['1', '2048'],
    ['0', '2049', '-1', '1.5'],
  ],
  'max-peers': [
    ['1', '65536'],
    ['0', '65537'],
  ],
  'socket-mode': [
    ['"0"', '"0777"', '"0o660"', '"640"'],
    ['"1000"', '"888"', '"rw"', '""', '"0x1"'],
  ],
  'mem-mode': [[], ['"1000"', '"888"']],
  size: [
    ['4M', '0.5G', '8192', '"0x10000"', '16t'],
    ['4X', '4MB', '""', '"-4M"', '1e3M'],
  ],
  label: [
    ['a', 'blue lab'],
    ['""', 'x'.repeat(64)],
  ],
  'shm-name': [
    ['a', '/a', '...', 'x'.repeat(250)],
    ['""', '/', '.', '..', 'a/b', '//a', 'x'.repeat(251)],
  ],
  hugepages: [['2M', '1G, size: 1G'], ['3M']],
  socket: [['/s', 's'], ['""']],
  'host-socket': [['/h', 'false'], ['""']],
  'mem-path': [['/m'], ['""']],
};

t.test('schema and server agree on what is right', async (t) => {
  for (const [key, [right, wrong]] of Object.entries(values)) {
    for (const value of right) agree(t, key, value, true);
    for (const value of wrong) agree(t, key, value, false);
  }
});

function agree(t: Test, key: string, value: string, isRight: boolean): void {
  const socket = key === 'socket' ? '' : 'socket: /s, ';
  const document = new ConfigDocument(`regions: {r: {${socket}${key}: ${value}}}`);
  t.equal(schemaFindings(document).length === 0, isRight, `schema: ${key}: ${value}`);
  const { regions } = document.value as { regions: { r: RawRegion } };
  const report = new Report(document);
  checkRegion(readRegion('r', regions.r, { directory: '/', report }), report);
  t.equal(!report.has(['regions', 'r', key]), isRight, `server: ${key}: ${value}`);
}

// The house: arrows point down only. Reads what every file of src/ and native/ imports, be it
// statically, dynamically or as a type, and tells each arrow that points up, sideways or outside.
//
// Rule 1: the table below is the design's picture; a layer that is not in it has no place yet.
// Rule 2: the checker gets files as text, so that a made-up house can be checked, too.
import { readdirSync, readFileSync } from 'node:fs';
import { join, posix, resolve } from 'node:path';
import t from 'tap';
import ts from 'typescript';

interface Layer {
  /** The layers it may import from, besides itself. */
  readonly below: readonly string[];
  /** The packages, and Node's own modules, that it may import. */
  readonly outside: RegExp;
}

const onlyNode = /^node:/;
const layers: Readonly<Record<string, Layer>> = {
  'src/index.ts': {
    below: ['src/control', 'src/server', 'src/peer', 'src/qemu', 'src/protocol', 'native'],
    outside: onlyNode,
  },
  'src/cli': {
    below: [
      'src/cli/config',
      'src/cli/status',
      'src/cli/top',
      'src/control',
      'src/server',
      'src/peer',
      'src/qemu',
      'src/protocol',
      'native',
    ],
    outside: /^(node:|yargs(\/|$)|pino$)/,
  },
  // A room of the shell's, with a door to both sides: what is loaded only with a configuration file.
  'src/cli/config': {
    below: ['src/cli', 'src/server', 'native'],
    outside: /^(node:|yargs$|yaml$|ajv(\/dist\/2020\.js)?$)/,
  },
  // The table's library is loaded by who prints one.
  'src/cli/status': {
    below: ['src/cli', 'src/control', 'src/server', 'src/protocol', 'native'],
    outside: /^(node:|yargs$|table$)/,
  },
  // What only the process at the front of the control socket loads.
  'src/control/front': {
    below: ['src/control', 'src/server', 'src/protocol', 'native'],
    outside: /^(node:|hono$|@hono\/node-server$|prom-client$)/,
  },
  // Another: what is loaded only for the live screen.
  'src/cli/top': {
    below: ['src/cli', 'src/control', 'src/server', 'src/protocol', 'native'],
    outside: /^(node:|yargs$|terminal-kit$)/,
  },
  'src/control': {
    below: ['src/server', 'src/peer', 'src/qemu', 'src/protocol', 'native'],
    outside: /^(node:|unix-dgram$)/,
  },
  'src/server': { below: ['src/qemu', 'src/protocol', 'native'], outside: onlyNode },
  'src/peer': { below: ['src/qemu', 'src/protocol', 'native'], outside: onlyNode },
  'src/qemu': { below: [], outside: onlyNode },
  'src/protocol': { below: [], outside: /^$/ },
  native: { below: [], outside: /^(node:|koffi$)/ },
};

/** The arrows that must not be, such as `src/qemu/a.ts -> src/server/b.ts`. */
function wrongArrows(files: Readonly<Record<string, string>>): string[] {
  return Object.entries(files).flatMap(([file, text]) => {
    const { importedFiles } = ts.preProcessFile(text, true, true);
    return importedFiles
      .map(({ fileName }) => targetOf(file, fileName))
      .filter((target) => !isAllowed(file, target))
      .map((target) => `${file} -> ${target}`);
  });
}

/** A file of the house by its path; anything else as it is named. */
function targetOf(file: string, name: string): string {
  if (!name.startsWith('.')) return name;
  return posix.join(posix.dirname(file), name).replace(/\.js$/, '.ts');
}

function isAllowed(file: string, target: string): boolean {
  const from = layerOf(file);
  const layer = layers[from];
  if (layer === undefined) return false;
  const to = layerOf(target);
  if (to in layers) return to === from || layer.below.includes(to);
  return layer.outside.test(target);
}

/** `src/server` for what lies in it, `native` for what lies there. */
function layerOf(file: string): string {
  return (
    /^(native|src\/cli\/(?:config|status|top)|src\/control\/front|src\/[^/]+)(?=\/|$)/.exec(
      file,
    )?.[0] ?? file
  );
}

function readHouse(): Record<string, string> {
  const root = resolve(import.meta.dirname, '../..');
  const files = ['native', 'src'].flatMap((directory) =>
    readdirSync(join(root, directory), { encoding: 'utf8', recursive: true })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => posix.join(directory, name)),
  );
  return Object.fromEntries(files.map((file) => [file, readFileSync(join(root, file), 'utf8')]));
}

t.test('all arrows of the house point down', async (t) => {
  const house = readHouse();
  const seen = new Set(Object.keys(house).map(layerOf));
  for (const layer of ['native', 'src/protocol', 'src/server', 'src/index.ts'])
    t.ok(seen.has(layer), `${layer} was read`);
  t.strictSame(
    [...seen].filter((layer) => !(layer in layers)),
    [],
    'every layer has its place',
  );
  t.strictSame(wrongArrows(house), []);
});

const down = {
  'src/cli/a.ts': `import yargs from 'yargs'; import { hideBin } from 'yargs/helpers';
    import { pino } from 'pino'; import { b } from '../control/b.js'; import './c.js';`,
  'src/cli/config/c.ts': `import { parse } from 'yaml'; import { f } from '../c.js';
    import { Ajv2020 } from 'ajv/dist/2020.js';`,
  'src/cli/top/d.ts': `import termkit from 'terminal-kit'; import { b } from '../../control/b.js';`,
  'src/control/b.ts': `import type { S } from '../server/s.js'; export * from '../peer/p.js';`,
  'src/server/s.ts': `import { q } from '../qemu/q.js'; import { Fd } from '../../native/fd.js';`,
  'src/peer/p.ts': `const w = await import('../protocol/wire.js'); import fs from 'node:fs';`,
  'src/qemu/q.ts': `import fs from 'node:fs'; import { r } from './deeper/r.js';`,
  'src/qemu/deeper/r.ts': `import { q } from '../q.js';`,
  'src/protocol/wire.ts': `import { id } from './id.js'; // import { Fd } from '../../native/fd.js'`,
  'src/index.ts': `export { s } from './server/s.js'; export type { Fd } from '../native/fd.js';`,
  'native/fd.ts': `import koffi from 'koffi'; import os from 'node:os';`,
};

t.test('a house whose arrows point down has none that is wrong', async (t) => {
  t.strictSame(wrongArrows(down), []);
});

const wrong: Readonly<Record<string, readonly [file: string, text: string, arrow: string]>> = {
  'up, statically': ['src/qemu/q.ts', `import { s } from '../server/s.js';`, 'src/server/s.ts'],
  'up, as a type': [
    'src/protocol/w.ts',
    `import type { S } from '../server/s.js';`,
    'src/server/s.ts',
  ],
  'up, as a type in place': [
    'native/fd.ts',
    `let s: import('../src/server/s.js').S;`,
    'src/server/s.ts',
  ],
  'up, dynamically': ['src/server/s.ts', `await import('../cli/run.js');`, 'src/cli/run.ts'],
  'up, as an export': ['src/control/c.ts', `export { r } from '../cli/run.js';`, 'src/cli/run.ts'],
  sideways: ['src/server/s.ts', `import { p } from '../peer/p.js';`, 'src/peer/p.ts'],
  'from the peer to the server': ['src/peer/p.ts', `import '../server/s.js';`, 'src/server/s.ts'],
  'from the protocol to native': [
    'src/protocol/w.ts',
    `import type { Fd } from '../../native/fd.js';`,
    'native/fd.ts',
  ],
  'from native to the protocol': [
    'native/fd.ts',
    `import '../src/protocol/wire.js';`,
    'src/protocol/wire.ts',
  ],
  'from QEMU to native': ['src/qemu/q.ts', `import '../../native/fd.js';`, 'native/fd.ts'],
  'to the front': ['src/cli/run.ts', `import { Server } from '../index.js';`, 'src/index.ts'],
  'from the front to the shell': [
    'src/index.ts',
    `export * from './cli/run.js';`,
    'src/cli/run.ts',
  ],
  'to koffi outside of native': ['src/server/s.ts', `import koffi from 'koffi';`, 'koffi'],
  'to pino outside of the shell': [
    'src/control/c.ts',
    `import type { Logger } from 'pino';`,
    'pino',
  ],
  'to notification outside of the control': [
    'src/cli/run.ts',
    `await import('unix-dgram');`,
    'unix-dgram',
  ],
  'to YAML outside of its room': ['src/cli/serve.ts', `import { parse } from 'yaml';`, 'yaml'],
  'to the screen outside of its room': [
    'src/cli/status.ts',
    `await import('terminal-kit');`,
    'terminal-kit',
  ],
  'to the validator outside of its room': [
    'src/cli/a.ts',
    `await import('ajv/dist/2020.js');`,
    'ajv/dist/2020.js',
  ],
  'from the server to the configuration': [
    'src/server/s.ts',
    `import '../cli/config/c.js';`,
    'src/cli/config/c.ts',
  ],
  'to yargs outside of the shell': ['src/index.ts', `import yargs from 'yargs';`, 'yargs'],
  'to I/O in the protocol': ['src/protocol/w.ts', `import fs from 'node:fs';`, 'node:fs'],
  'to I/O by its old name': ['src/protocol/w.ts', `import fs from 'fs';`, 'fs'],
  'by require': ['src/server/s.ts', `const koffi = require('koffi');`, 'koffi'],
  'to a test': ['src/server/s.ts', `import '../../test/helper/temp.js';`, 'test/helper/temp.ts'],
  'from a layer without a place': ['src/attic/a.ts', `import 'node:fs';`, 'node:fs'],
  'to a layer without a place': ['src/server/s.ts', `import '../attic/a.js';`, 'src/attic/a.ts'],
};

for (const [name, [file, text, arrow]] of Object.entries(wrong)) {
  t.test(`a wrong arrow is found: ${name}`, async (t) => {
    t.strictSame(wrongArrows({ ...down, [file]: text }), [`${file} -> ${arrow}`]);
  });
}

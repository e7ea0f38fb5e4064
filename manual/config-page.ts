// ivshmem-config(5): the configuration file, as its schema has it.
//
// Rule 1: the example is that of docs/config.md, which a test gives to the program.
import { readFileSync } from 'node:fs';
import { heading, lines } from './man-page.js';
import { bold, item, paragraphs, prose, section, sentence, verbatim } from './roff.js';

interface Property {
  readonly description?: string;
  readonly errorMessage?: string;
  readonly $ref?: string;
}

interface Definition extends Property {
  readonly required?: readonly string[];
  readonly properties?: Readonly<Record<string, Property>>;
}

interface Schema {
  readonly $defs: Readonly<Record<string, Definition>>;
}

const root = new URL('../../', import.meta.url);
const description = [
  'The file of `ivshmem serve --config` is YAML 1.2. It has one key, `regions`: a mapping from the name of each ' +
    'region to its keys. A name has 1–63 letters, digits, `.`, `_` and `-`, the first a letter or digit.',
  'Relative paths are relative to the directory of the file. No path may belong to two regions.',
  'A server reads the file again at SIGHUP, or by ivshmem-reload(1). ivshmem-config-check(1) tells what is wrong ' +
    'with a file, and where.',
];

/** The page. */
export function configPage(): string {
  const schema = JSON.parse(read('schema/config.schema.json')) as Schema;
  const keys = (name: string): string[] => keyItems(schema, name);
  return lines([
    ...heading('ivshmem-config', 5, 'Regions that ivshmem serve takes from a file'),
    ...section('DESCRIPTION', paragraphs(description)),
    ...section('KEYS OF A REGION', keys('region')),
    ...section('KEYS OF A RULE OF ACCESS', keys('rule')),
    ...section('KEYS OF A VM', keys('vm')),
    ...section('EXAMPLES', ['.EX', ...example().map(verbatim), '.EE']),
    ...section('SEE ALSO', [
      ['ivshmem-serve(1)', 'ivshmem-reload(1)', 'ivshmem-config-check(1)'].map(prose).join(',\n'),
    ]),
  ]);
}

function keyItems({ $defs }: Schema, name: string): string[] {
  const definition = $defs[name];
  const items = Object.entries(definition?.properties ?? {}).flatMap(([key, property]) => {
    const { errorMessage, $ref = '' } = property;
    const allowed = errorMessage ?? $defs[$ref.replace('#/$defs/', '')]?.errorMessage ?? '';
    const need = definition?.required?.includes(key) === true ? 'Needed. ' : '';
    const texts = [property.description ?? '', allowed].map(sentence);
    return item(bold(key), prose(need + texts.join(' ')));
  });
  return [prose(sentence(definition?.errorMessage ?? '')), ...items];
}

function example(): string[] {
  const [, block = ''] = /^```yaml\n(.*?)^```$/ms.exec(read('docs/config.md')) ?? [];
  return block.trimEnd().split('\n');
}

function read(file: string): string {
  return readFileSync(new URL(file, root), 'utf8');
}

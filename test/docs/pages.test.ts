// Every command on every page, run from top to bottom as a reader would. (But for docs/guests.md, whose
// readers have guests, too: test/guest/page.test.ts; and docs/operating.md, whose readers have systemd:
// test/guest/systemd.test.ts.)
//
// Rule 1: what is in a block of `sh` is run, as it is, by bash; a command that fails fails the page.
// Rule 2: QEMU ends when its monitor has shown the device; what else is wrapped, `page.ts` tells.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import ts from 'typescript';
import { need } from '../helper/need.js';
import { Page } from '../helper/page.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const showDevice = `
  printf 'info pci\\nquit\\n' | $real -machine q35 -accel tcg -S -m 16M -display none -nodefaults \\
    -monitor stdio "$@" | grep -q 1af4:1110`;
const inGuests = ['docs/guests.md', 'docs/operating.md'];
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(`${root}docs`).map((name) => `docs/${name}`),
];

for (const page of pages) {
  const text = readFileSync(root + page, 'utf8');
  const commands = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
  const uses = (word: string): boolean => commands.join('').includes(word);
  const needs = need(
    ...(uses('qemu-system') ? (['qemu'] as const) : []),
    ...(uses('socket-activate') ? (['socket-activate'] as const) : []),
  );
  if (commands.length > 0 && !inGuests.includes(page)) {
    t.test(`${page}: every command does what it says`, needs, async (t) => {
      const { code, stderr } = await new Page(t, { qemu: showDevice }).run(commands.join(''));
      t.equal(code, 0, stderr);
    });
  }
  t.test(`${page}: every link leads somewhere`, async (t) => {
    for (const [, target = ''] of text.matchAll(/\]\((?!https?:)([^)#]+)/g)) {
      const path = new URL(target, `file://${root}${page}`);
      t.ok(readdirSync(new URL('.', path)).includes(path.pathname.split('/').at(-1) ?? ''), target);
    }
  });
}

t.test('every piece of TypeScript on the pages is correct', async (t) => {
  const pieces = pages.flatMap((page) => {
    const text = readFileSync(root + page, 'utf8');
    return [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(
      ([, code = '']) => [page, code] as const,
    );
  });
  t.ok(pieces.length > 1);
  // Where the examples are, so that 'ivshmem' is found as they find it.
  const files = new Map(
    pieces.map(([page, code], index) => [
      `${root}examples/${index}-${page.replaceAll('/', '-')}.ts`,
      code,
    ]),
  );
  t.same(complaints(files), []);
});

/** What the compiler says of files that exist only here. */
function complaints(files: ReadonlyMap<string, string>): string[] {
  const { options } = ts.parseJsonConfigFileContent(
    ts.readConfigFile(`${root}tsconfig.json`, (name) => ts.sys.readFile(name)).config,
    ts.sys,
    root,
  );
  Object.assign(options, { noEmit: true, incremental: false });
  delete options.tsBuildInfoFile;
  const real = ts.createCompilerHost(options);
  const host = {
    ...real,
    fileExists: (name: string) => files.has(name) || real.fileExists(name),
    readFile: (name: string) => files.get(name) ?? real.readFile(name),
    getSourceFile: (name: string, version: ts.ScriptTarget) => {
      const text = files.get(name) ?? real.readFile(name);
      return text === undefined ? undefined : ts.createSourceFile(name, text, version);
    },
  };
  const program = ts.createProgram([...files.keys()], options, host);
  return ts
    .getPreEmitDiagnostics(program)
    .map(
      ({ file, messageText }) =>
        `${file?.fileName ?? ''}: ${ts.flattenDiagnosticMessageText(messageText, ' ')}`,
    );
}

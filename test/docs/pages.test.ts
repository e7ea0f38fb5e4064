// Every command on every page, run from top to bottom as a reader would.
//
// Rule 1: what is in a block of `sh` is run, as it is, by bash; a command that fails fails the page.
// Rule 2: three commands are wrapped, because a reader has several terminals: `ivshmem serve` goes on
//   in the background once it is ready (unless the page itself waits for that), QEMU ends when its
//   monitor has shown the device, and of npm only `npm start` and `npm run compare -- …` do something:
//   the suite that runs this is `npm ci && npm test`.
import { chmodSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import ts from 'typescript';
import { Child } from '../helper/child.js';
import { need } from '../helper/need.js';
import { temp, type Scope } from '../helper/temp.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const cli = `${root}dist/src/cli`;
const pages = [
  'README.md',
  'CONTRIBUTING.md',
  ...readdirSync(`${root}docs`).map((name) => `docs/${name}`),
];

for (const page of pages) {
  const text = readFileSync(root + page, 'utf8');
  const commands = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
  const needs = commands.join('').includes('qemu-system') ? need('qemu') : {};
  if (commands.length > 0) {
    t.test(`${page}: every command does what it says`, needs, async (t) => {
      const { code, stderr } = await run(t, commands.join(''));
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

/** Runs commands in a directory of their own that stands for /tmp and for /dev/shm's names. */
async function run(t: Scope, commands: string): Promise<{ code: number | null; stderr: string }> {
  const directory = temp(t);
  const bin = `${directory}/bin`;
  mkdirSync(bin);
  for (const [name, script] of Object.entries(wrappers(directory))) {
    writeFileSync(`${bin}/${name}`, `#!/bin/bash\n${script}\n`);
    chmodSync(`${bin}/${name}`, 0o755);
  }
  const names = commands
    .replaceAll('/tmp/', `${directory}/`)
    .replaceAll(/(--shm-name |\/dev\/shm\/)/g, `$1test-${process.pid}-`);
  const trap = `trap 'kill $(cat ${directory}/pids 2>/dev/null) 2>/dev/null || :' EXIT`;
  writeFileSync(`${directory}/page.sh`, `set -eux -o pipefail\n${trap}\n${names}`);
  const env = { ...process.env, PATH: `${bin}:${process.env['PATH'] ?? ''}` };
  return new Child(t, ['bash', `${directory}/page.sh`], { env }).exit;
}

function wrappers(directory: string): Record<string, string> {
  const node = process.execPath;
  return {
    'ivshmem-client': `exec ${node} ${cli}/ivshmem-client.js "$@"`,
    'ivshmem-server': `exec ${node} ${cli}/ivshmem-server.js "$@"`,
    ivshmem: `
      [[ $1 == serve ]] || exec ${node} ${cli}/ivshmem.js "$@"
      if [[ "$*" == *--ready-fd* ]]; then
        echo $$ >>${directory}/pids
        exec ${node} ${cli}/ivshmem.js "$@"
      fi
      mkfifo ${directory}/up.$$
      ${node} ${cli}/ivshmem.js "$@" --ready-fd 9 9>${directory}/up.$$ >${directory}/out.$$ &
      echo $! >>${directory}/pids
      read -r _ <${directory}/up.$$`,
    npm: `
      [[ $1 != start ]] || ivshmem serve --socket ${directory}/npm.sock
      [[ "$1 $2 $3" != 'run compare --' ]] || exec ${node} ${root}dist/conformance/run.js "\${@:4}"`,
    'qemu-system-x86_64': `
      real=$(PATH=\${PATH#*:} command -v qemu-system-x86_64)
      printf 'info pci\\nquit\\n' | $real -machine q35 -accel tcg -S -m 16M -display none -nodefaults \\
        -monitor stdio "$@" | grep -q 1af4:1110`,
  };
}

// The man pages: there for each command, fresh, complete, and right to the tools that read them.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { withDescendants } from '../../manual/command.js';
import { directories, manualFiles } from '../../manual/files.js';
import { readPrograms } from '../../manual/program.js';
import { proseOf } from '../../manual/prose.js';
import { forEach, ivshmem, ivshmemClient, ivshmemServer, run } from '../helper/command.js';
import { need } from '../helper/need.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const made = await manualFiles();
const pages = Object.keys(made).filter((file) => /\.\d$/.test(file));

t.test('what is in packaging is what the program says: npm run manual makes it so', async (t) => {
  const there = directories.flatMap((directory) =>
    readdirSync(root + directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => `${entry.parentPath}/${entry.name}`.replace(root, '')),
  );
  t.strictSame(there.sort(), Object.keys(made).sort());
  for (const file of there) t.equal(readFileSync(root + file, 'utf8'), made[file], file);
});

t.test('npm has all of it in the package, and makes links to every page', async (t) => {
  const manifest = JSON.parse(readFileSync(`${root}package.json`, 'utf8')) as { man: string[] };
  t.strictSame(manifest.man.toSorted(), pages.toSorted());
  const pack = ['npm', 'pack', '--dry-run', '--json', '--ignore-scripts', root];
  const { code, stdout, stderr } = await run(t, pack);
  t.equal(code, 0, stderr);
  const [tarball] = JSON.parse(stdout) as { files: { path: string }[] }[];
  const packed = new Set(tarball?.files.map(({ path }) => path));
  t.strictSame(
    Object.keys(made).filter((file) => !packed.has(file)),
    [],
  );
});

t.test('every command that help names has a page with its options and arguments', async (t) => {
  const names = await commandsOf(t, 'ivshmem');
  t.ok(names.includes('ivshmem peer ring'));
  await forEach(names, async (name) => {
    const [help = ''] = (await helpOf(t, name)).split('\nExamples:\n');
    const options = [...help.matchAll(/^ +(?:(-\w), )?(--[a-z-]+) /gm)];
    const flags = options.flatMap(([, short, long]) => [short, long]).filter(Boolean);
    const [usage = ''] = help.split('\n');
    const places = [...usage.matchAll(/[<[]([A-Z]+)[>\]]/g)].map(([, place]) => place);
    const tags = tagsOf(name);
    t.strictSame(tags.filter((tag) => tag.startsWith('-')).sort(), flags.sort(), name);
    t.strictSame(tags.filter((tag) => places.includes(tag)).sort(), places.sort(), name);
  });
  for (const [name, command] of [
    ['ivshmem-server', ivshmemServer],
    ['ivshmem-client', ivshmemClient],
  ] as const) {
    const { stdout } = await run(t, [...command, '-h']);
    const flags = [...stdout.matchAll(/^ {2}(-\w) /gm)].map(([, flag]) => flag);
    t.ok(flags.length > 2);
    t.strictSame(
      tagsOf(name).filter((tag) => /^-\w$/.test(tag)),
      flags,
    );
  }
});

t.test('every key of the schema is on the page of the configuration file', async (t) => {
  const schema = JSON.parse(readFileSync(`${root}schema/config.schema.json`, 'utf8')) as {
    $defs: Record<string, { properties?: object }>;
  };
  const keys = Object.values(schema.$defs).flatMap(({ properties = {} }) =>
    Object.keys(properties),
  );
  t.strictSame(tagsOf('ivshmem-config', 5), keys);
});

t.test('every option that takes a value has a name for it in manual/value-name.ts', async (t) => {
  const commands = (await readPrograms()).flatMap(withDescendants);
  const nameless = commands.flatMap(({ name, options }) =>
    options.filter(({ value }) => value === 'VALUE').map(({ flags }) => `${name} ${flags.join()}`),
  );
  t.strictSame(nameless, []);
});

t.test('all prose is that of a command', async (t) => {
  const names = (await readPrograms()).flatMap(withDescendants).map(({ name }) => name);
  t.strictSame(
    Object.keys(proseOf).filter((name) => !names.includes(name)),
    [],
  );
});

t.test("the doctor's page has its own exit codes", async (t) => {
  const statusIn = (page: string): string =>
    /\n\.SH EXIT STATUS\n([^]*?)\n\.SH /i.exec(made[`packaging/man/${page}.1`] ?? '')?.[1] ?? '';
  t.match(statusIn('ivshmem-doctor'), '\\fB1\\fR\nAt least one error was found');
  t.notMatch(statusIn('ivshmem-doctor'), 'The system failed');
  t.match(statusIn('ivshmem-status'), 'The system failed');
});

t.test('every page of ours that a page names is there', async (t) => {
  for (const page of pages) {
    const text = unescaped(made[page] ?? '');
    for (const [, name, section] of text.matchAll(/\b(ivshmem[a-z-]*)\((\d)\)/g))
      t.ok(pages.includes(`packaging/man/${name}.${section}`), `${page} names ${name}(${section})`);
  }
});

t.test('groff and mandoc have nothing to say of any page', need('man-tools'), async (t) => {
  await forEach(pages, async (page) => {
    const groff = await run(t, ['groff', '-ww', '-man', '-Tutf8', '-z', root + page]);
    t.same([groff.code, groff.stdout, groff.stderr], [0, '', ''], page);
    const { stdout } = await run(t, ['mandoc', '-Tlint', '-Wwarning', root + page]);
    // A page without a date changes only when what it says does.
    const findings = stdout.split('\n').filter((line) => !/missing date|^$/.test(line));
    t.strictSame(findings, [], page);
  });
});

t.test('man shows every page, and whatis has a line for it', need('man-tools'), async (t) => {
  await forEach(pages, async (page) => {
    const name = page.replace(/.*\/(.*)\.\d$/, '$1');
    const shown = await run(t, ['man', '--warnings', '-l', root + page]);
    t.same([shown.code, shown.stderr], [0, ''], page);
    t.match(shown.stdout, new RegExp(`^NAME\\n +${name} (-|‐|−) \\w`, 'm'));
    const { stdout } = await run(t, ['lexgrog', root + page]);
    t.match(stdout, new RegExp(`: "${name} - \\w`));
  });
});

/** All that can be typed, by what help says. */
async function commandsOf(t: Test, name: string): Promise<string[]> {
  const help = await helpOf(t, name);
  const [, block = ''] = /^Commands:\n((?: .*\n)+)/m.exec(help) ?? [];
  const names = [...block.matchAll(new RegExp(`^  (${name} [a-z-]+)`, 'gm'))];
  const under = await Promise.all(names.map(([, one = '']) => commandsOf(t, one)));
  return [name, ...under.flat()];
}

async function helpOf(t: Test, name: string): Promise<string> {
  const { stdout } = await run(t, [...ivshmem, ...name.split(' ').slice(1), '--help']);
  return stdout;
}

/** What items of a page are about, without their values: `--socket`, `PEER`. */
function tagsOf(name: string, section = 1): string[] {
  const page = made[`packaging/man/${name.replaceAll(' ', '-')}.${section}`] ?? '';
  return [...page.matchAll(/^\.TP\n(.*)/gm)].flatMap(([, tag = '']) =>
    unescaped(tag)
      .split(', ')
      .map((flag) => flag.replace(/^(-\S+) .*/, '$1')),
  );
}

function unescaped(roff: string): string {
  return roff.replaceAll(/\\f./g, '').replaceAll('\\-', '-');
}

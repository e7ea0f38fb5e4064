// Completions: what somebody gets who types at the shell itself, and presses TAB.
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { run } from '../helper/command.js';
import { need } from '../helper/need.js';
import { temp } from '../helper/temp.js';
import { Typist, type TypistOptions } from '../helper/typist.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const completions = `${root}packaging/completions/`;
const programs = ['ivshmem', 'ivshmem-server', 'ivshmem-client'];

const typed: Readonly<Record<string, string>> = {
  // a command, and one under it
  'ivshmem ser\t': 'serve',
  'ivshmem peer wat\t': 'peer watch',
  // an option of this very command
  'ivshmem peer watch --cou\t': 'peer watch --count',
  'ivshmem peer ring --cou\t': 'peer ring --cou',
  'ivshmem serve --allow\t': 'serve --allow-excess-vectors',
  'ivshmem --vers\t': '--version',
  // one of its choices, behind a space or =
  'ivshmem serve --hug\t2\t': 'serve --hugepages 2M',
  'ivshmem serve --log-level w\t': 'serve --log-level warn',
  'ivshmem serve --log-level=w\t': 'serve --log-level warn',
  // a path, however it is written
  'ivshmem serve --socket ru\ts\t': 'serve --socket run/s.sock',
  'ivshmem serve --config my\t': 'serve --config my lab.yaml',
  'ivshmem config check la\t': 'config check lab.yaml',
  // who there is
  'ivshmem serve --user roo\t': 'serve --user root',
  'ivshmem serve --socket-group daem\t': 'serve --socket-group daemon',
  // no path where none is expected
  'ivshmem serve --size la\t': 'serve --size la',
  'ivshmem peer read la\t': 'peer read la',
  // the other two
  'ivshmem-server -F -S ru\ts\t': '-F -S run/s.sock',
  'ivshmem-server -m ru\t': '-m run',
  'ivshmem-client -S ru\ts\t': '-S run/s.sock',
};

/** A directory with files to be found. */
function home(t: Test): string {
  const directory = temp(t);
  mkdirSync(`${directory}/run`);
  for (const file of ['lab.yaml', 'my lab.yaml', 'run/s.sock'])
    writeFileSync(`${directory}/${file}`, '');
  return directory;
}

/** The same, with completions, put there as the page says. */
async function install(t: Test): Promise<string> {
  const directory = home(t);
  mkdirSync(`${directory}/lib`);
  symlinkSync(root, `${directory}/lib/ivshmem`);
  const page = readFileSync(`${root}docs/manual.md`, 'utf8');
  const [, commands = ''] = /^```text\n(from=.*?)^```$/ms.exec(page) ?? [];
  const own = commands.replaceAll('/usr/local/share', `${directory}/share`);
  const script = `set -eu; npm() { echo ${directory}/lib; }\n${own}`;
  const { code, stderr } = await run(t, ['bash', '-c', script]);
  t.equal(code, 0, stderr);
  return directory;
}

async function typeAll(t: Test, options: Omit<TypistOptions, 'programs'>): Promise<void> {
  const typist = new Typist(t, { ...options, programs });
  for (const [keys, expected] of Object.entries(typed)) {
    const got = await typist.type(keys);
    // zsh puts = behind an option, and takes the / of a directory away at Enter.
    t.equal(got.replaceAll('=', ' ').replace(/\/$/, ''), expected, JSON.stringify(keys));
  }
  await typist.leave();
}

t.test('bash alone completes commands, options, choices and paths', async (t) => {
  const setup = programs.map((program) => `. ${completions}bash/${program}`);
  await typeAll(t, { shell: 'bash', home: home(t), setup });
});

t.test('where docs/manual.md puts them, bash finds them', need('bash-completion'), async (t) => {
  const setup = ['. /usr/share/bash-completion/bash_completion'];
  await typeAll(t, { shell: 'bash', home: await install(t), setup });
});

t.test('where docs/manual.md puts them, zsh finds them', need('zsh'), async (t) => {
  const directory = await install(t);
  const path = `fpath=(${directory}/share/zsh/site-functions $fpath)`;
  const setup = [path, 'autoload -Uz compinit; compinit -u -D'];
  await typeAll(t, { shell: 'zsh', home: directory, setup });
});

t.test('where docs/manual.md puts them, fish finds them', need('fish'), async (t) => {
  await typeAll(t, { shell: 'fish', home: await install(t), setup: [] });
});

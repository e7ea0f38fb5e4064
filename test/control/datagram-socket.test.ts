// unix-dgram is compiled where it is installed, or not.
import { cpSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { Child, type Exit } from '../helper/child.js';
import { Datagrams } from '../helper/datagrams.js';
import { temp } from '../helper/temp.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Runs a server of an installation whose unix-dgram is as `install` leaves it. */
function serveFrom(
  t: Test,
  install: (modules: string) => void,
  env: NodeJS.ProcessEnv,
): Promise<Exit> {
  const directory = temp(t);
  const modules = `${directory}/node_modules`;
  mkdirSync(modules);
  for (const name of readdirSync(`${root}node_modules`))
    if (name !== 'unix-dgram') symlinkSync(`${root}node_modules/${name}`, `${modules}/${name}`);
  install(modules);
  cpSync(`${root}package.json`, `${directory}/package.json`);
  for (const part of ['src', 'native'])
    cpSync(`${root}dist/${part}`, `${directory}/dist/${part}`, { recursive: true });
  const command = [process.execPath, `${directory}/dist/src/cli/ivshmem.js`, 'serve'];
  const child = new Child(t, [...command, '--socket', `${directory}/s`], {
    env: { ...process.env, ...env },
  });
  child.stdout.once('data', () => child.kill('SIGTERM'));
  return child.exit;
}

const broken: Readonly<Record<string, readonly [(modules: string) => void, RegExp]>> = {
  'is not installed': [() => undefined, /\(it is not installed\)/],
  'was not compiled': [
    (modules) => {
      cpSync(`${root}node_modules/unix-dgram`, `${modules}/unix-dgram`, {
        recursive: true,
        filter: (file) => !file.endsWith('/build'),
      });
    },
    /Could not locate the bindings file/,
  ],
  'was cut off': [
    (modules) => {
      cpSync(`${root}node_modules/unix-dgram`, `${modules}/unix-dgram`, {
        recursive: true,
        filter: (file) => !file.endsWith('/build'),
      });
      const build = `${modules}/unix-dgram/build`;
      mkdirSync(build);
      writeFileSync(`${build}/unix_dgram.node`, '');
    },
    /\(\S+unix_dgram\.node: file too short\)/,
  ],
};

for (const [what, [install, says]] of Object.entries(broken)) {
  t.test(`a package that ${what} ends the start with what to do`, async (t) => {
    const { address } = new Datagrams(t);
    const { code, stderr } = await serveFrom(t, install, { NOTIFY_SOCKET: address });
    t.equal(code, 2, 'another start does not right it');
    t.match(stderr, says);
    t.match(
      stderr,
      /^ivshmem serve: NOTIFY_SOCKET is set, .*npm rebuild unix-dgram.*Type=exec.*\n$/,
    );
  });

  t.test(`a package that ${what} is not missed where nobody wants to be told`, async (t) => {
    const { code, stderr } = await serveFrom(t, install, { NOTIFY_SOCKET: undefined });
    t.equal(code, 0, stderr);
  });
}

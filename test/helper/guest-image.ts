// What real guests boot, made of Debian's packages by the script that the documentation has.
// Rule 1: made once for all test files, in `dist/guest`; who comes second waits for the first.
import { execFile, execFileSync } from 'node:child_process';
import { copyFileSync, cpSync, mkdirSync, realpathSync, writeFileSync } from 'node:fs';
import { basename, dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { temp, type Scope } from './temp.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Where the sources of the guests' driver and programs are. */
export const guestSources = `${root}examples/guest`;
/** Where `boot/build` puts what guests boot. */
export const guestImage = `${root}dist/guest`;

/** Runs `boot/build`, by default for that place. Rejects with what it says. */
export async function buildGuest(out = guestImage, env: NodeJS.ProcessEnv = {}): Promise<void> {
  await promisify(execFile)(`${guestSources}/boot/build`, [out], {
    env: { ...process.env, ...env },
    maxBuffer: 2 ** 24,
  });
}

/** Settings by which apt knows, from the same place as Debian 12, the newest kernel of its backports. */
export async function aptOfBackports(t: Scope): Promise<NodeJS.ProcessEnv> {
  const directory = temp(t);
  for (const name of ['lists', 'cache'])
    mkdirSync(`${directory}/${name}/partial`, { recursive: true });
  const origin = /^\S+\/debian\/(?= bookworm$)/m.exec(
    execFileSync('apt-get', ['indextargets', '--format', '$(REPO_URI) $(CODENAME)'], {
      encoding: 'utf8',
    }),
  );
  if (origin === null) throw new Error('apt has no source of Debian 12 (bookworm)');
  const keys = '[signed-by=/usr/share/keyrings/debian-archive-keyring.gpg]';
  const suites = ['bookworm', 'bookworm-backports'];
  const sources = suites.map((suite) => `deb ${keys} ${origin[0]} ${suite} main\n`).join('');
  writeFileSync(`${directory}/sources.list`, sources);
  writeFileSync(
    `${directory}/apt.conf`,
    `Dir::Etc::SourceList "${directory}/sources.list";
    Dir::Etc::SourceParts "-";
    Dir::State::Lists "${directory}/lists";
    Dir::Cache "${directory}/cache";
    APT::Default-Release "bookworm-backports";
    APT::Sandbox::User "root";`,
  );
  const env = { APT_CONFIG: `${directory}/apt.conf` };
  await promisify(execFile)('apt-get', ['-qq', 'update'], { env: { ...process.env, ...env } });
  return env;
}

/** What the compiler says when the driver is built, most pedantically, for the kernel of an image. */
export async function buildDriver(t: Scope, image: string): Promise<string> {
  const directory = temp(t);
  cpSync(`${guestSources}/driver`, directory, { recursive: true });
  const flags = [`KDIR=${image}/headers`, 'CONFIG_DEBUG_INFO_BTF_MODULES=', 'W=1'];
  const { stderr } = await promisify(execFile)('make', ['-C', directory, ...flags]);
  return stderr;
}

/** Compiles a program for guests; gives its path. */
export function compileForGuest(t: Scope, source: string): string {
  const program = `${temp(t)}/${basename(source, '.c')}`;
  const flags = ['-std=gnu11', '-D_GNU_SOURCE', '-O1', '-Wall', '-Wextra', '-Werror', '-static'];
  execFileSync('cc', [...flags, `-I${guestSources}/driver`, '-o', program, source]);
  return program;
}

/** An initramfs that has this program as well, in the guest's root directory; gives its path. */
export function initramfsWith(t: Scope, program: string): string {
  const directory = temp(t);
  copyFileSync(program, `${directory}/${basename(program)}`);
  const image = dirname(realpathSync(`${guestImage}/initramfs`));
  const archive = execFileSync(`${image}/root/bin/busybox`, ['cpio', '-o', '-H', 'newc'], {
    cwd: directory,
    input: basename(program),
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  // Several archives, one behind the other, are one to the kernel.
  const whole = `${directory}/initramfs`;
  copyFileSync(`${guestImage}/initramfs`, whole);
  writeFileSync(whole, gzipSync(archive), { flag: 'a' });
  return whole;
}

// A root directory of Debian's packages, unpacked and not configured.
// Rule 1: apt is asked as if nothing were installed, so the packages come with all that they depend on.
// Rule 2: nothing of this machine's apt is changed. Needs root, for the owners of the files.
import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { promisify } from 'node:util';

/** Names and versions of all that would be unpacked: another answer, another root directory. */
export async function packageList(scratch: string, packages: readonly string[]): Promise<string> {
  return apt(scratch, ['--print-uris', 'install', ...packages]);
}

/** Unpacks packages, and what they depend on, into a new directory. `scratch` is for files that are not kept. */
export async function unpackDebian(
  directory: string,
  scratch: string,
  packages: readonly string[],
): Promise<void> {
  await apt(scratch, ['--download-only', 'install', ...packages]);
  for (const name of ['bin', 'lib', 'lib64', 'sbin']) {
    mkdirSync(`${directory}/usr/${name}`, { recursive: true });
    symlinkSync(`usr/${name}`, `${directory}/${name}`);
  }
  for (const file of archivesIn(`${scratch}/archives`)) {
    await unpack(file, directory, ['--exclude=./usr/share/doc', '--exclude=./usr/share/locale']);
  }
}

/** What Debian's newest kernel for clouds is called, as a package. */
export async function newestKernel(): Promise<string> {
  const said = await run('apt-cache', ['depends', 'linux-image-cloud-amd64']);
  const kernel = /Depends: (linux-image-\S+)/.exec(said)?.[1];
  if (kernel === undefined) throw new Error('apt knows no linux-image-cloud-amd64: apt-get update');
  return kernel;
}

/** Unpacks the kernel of this package, without modules; gives its path. */
export async function unpackKernel(scratch: string, kernel: string): Promise<string> {
  await run('apt-get', ['-qq', '-o', 'APT::Sandbox::User=root', 'download', kernel], scratch);
  for (const file of archivesIn(scratch)) {
    await unpack(file, scratch, ['--wildcards', './boot/vmlinuz-*']);
  }
  return `${scratch}/boot/${kernel.replace('linux-image', 'vmlinuz')}`;
}

function archivesIn(directory: string): string[] {
  const names = readdirSync(directory).filter((name) => name.endsWith('.deb'));
  return names.map((name) => `${directory}/${name}`);
}

async function unpack(archive: string, to: string, args: readonly string[]): Promise<void> {
  // /bin is /usr/bin.
  const script = 'dpkg-deb --fsys-tarfile "$0" | tar -x --keep-directory-symlink "$@"';
  await run('bash', ['-o', 'pipefail', '-c', script, archive, '-C', to, ...args]);
}

async function apt(scratch: string, args: readonly string[]): Promise<string> {
  writeFileSync(`${scratch}/status`, '');
  mkdirSync(`${scratch}/archives/partial`, { recursive: true });
  const settings = [
    `Dir::State::status=${scratch}/status`,
    `Dir::Cache=${scratch}`,
    `Dir::Cache::archives=${scratch}/archives`,
    'APT::Install-Recommends=false',
    'APT::Sandbox::User=root',
    'Debug::NoLocking=true',
  ];
  return run('apt-get', ['-qq', '-y', ...settings.flatMap((text) => ['-o', text]), ...args]);
}

async function run(command: string, args: readonly string[], cwd = '/'): Promise<string> {
  const env = { ...process.env, LC_ALL: 'C' };
  return (await promisify(execFile)(command, args, { cwd, env, maxBuffer: 2 ** 24 })).stdout;
}

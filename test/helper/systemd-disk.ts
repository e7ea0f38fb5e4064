// Disks of a guest whose PID 1 is Debian's systemd: the system, and this package as npm installs it.
// Rule 1: the system is made of Debian's packages, unpacked but not configured, and of the Node that runs this.
//   It is kept in `dist/systemd`, under a name that is what it is made of. Needs root, for the files' owners.
// Rule 2: what is built in the kernel is enough: it boots from an ext4 on NVMe, without an initramfs or modules.
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { installPackage } from './install-package.js';
import { temp, type Scope } from './temp.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const kept = `${root}dist/systemd`;
// What an administrator's commands and the server need; apt adds what these depend on.
const packages = ['systemd', 'usr-is-merged', 'bash', 'dash', 'coreutils', 'grep', 'sed', 'curl']
  .concat(['util-linux', 'passwd', 'procps', 'libstdc++6'])
  .sort();
// They need udev, D-Bus or a network, or write what is thrown away with the disk.
const masked = ['getty.target', 'systemd-tmpfiles-clean.timer'].concat(
  ['logind', 'timesyncd', 'update-utmp', 'random-seed', 'pstore'].map(
    (name) => `systemd-${name}.service`,
  ),
);
const console = `[Unit]
After=multi-user.target
[Service]
ExecStart=/bin/bash --norc
Environment="PS1=guest# " HOME=/root LC_ALL=C SYSTEMD_PAGER=cat
WorkingDirectory=/root
StandardInput=tty-force
StandardOutput=tty
TTYPath=/dev/ttyS0
`;
// Stands for npm: what it would install is on the other disk.
const npm = `#!/bin/sh
case "$1 $2" in
  'install -g') exec mount /dev/nvme1n1 /usr/local ;;
  'root -g') echo /usr/local/lib/node_modules ;;
  *) echo "no npm here: $*" >&2; exit 1 ;;
esac
`;
// There is no PAM here.
const sudo = `#!/bin/bash
user=root
if [[ $1 == -u ]]; then user=$2; shift 2; fi
exec setpriv --reuid="$user" --regid="$(id -g "$user")" --init-groups --reset-env -- "$@"
`;

/** Where the files of a system are. */
export interface SystemDisk {
  readonly kernel: string;
  readonly disk: string;
}

/** The system: makes it if it is not there, or not of the newest packages. */
export async function systemDisk(): Promise<SystemDisk> {
  const kernel = await newestKernel();
  mkdirSync(kept, { recursive: true });
  const made = mkdtempSync(`${kept}/new-`);
  try {
    const uris = await apt(made, ['--print-uris', 'install', ...packages]);
    const directory = `${kept}/${nameOf(`${kernel}\n${uris}`)}`;
    if (!existsSync(directory)) {
      await makeSystem(made, kernel);
      for (const old of readdirSync(kept)) {
        if (!old.startsWith('new-')) rmSync(`${kept}/${old}`, { recursive: true, force: true });
      }
      renameSync(made, directory);
    }
    return { kernel: `${directory}/vmlinuz`, disk: `${directory}/disk` };
  } finally {
    rmSync(made, { recursive: true, force: true });
  }
}

/** A disk with the package, to be mounted at /usr/local; it goes with the test. */
export async function packageDisk(t: Scope): Promise<string> {
  const directory = temp(t);
  const installed = await installPackage(`${directory}/local`);
  return makeDisk(installed, `${directory}/disk`, '64M');
}

async function makeSystem(made: string, kernel: string): Promise<void> {
  const system = `${made}/system`;
  await apt(made, ['--download-only', 'install', ...packages]);
  await run('apt-get', ['-qq', '-o', 'APT::Sandbox::User=root', 'download', kernel], made);
  for (const name of ['bin', 'lib', 'lib64', 'sbin']) {
    mkdirSync(`${system}/usr/${name}`, { recursive: true });
    symlinkSync(`usr/${name}`, `${system}/${name}`);
  }
  for (const file of readdirSync(`${made}/archives`).filter((name) => name.endsWith('.deb')))
    await unpack(`${made}/archives/${file}`, system, ['--exclude=./usr/share/[dlm]o*']);
  const [image = ''] = readdirSync(made).filter((name) => name.endsWith('.deb'));
  await unpack(`${made}/${image}`, made, ['--wildcards', './boot/vmlinuz-*']);
  renameSync(`${made}/boot/${readdirSync(`${made}/boot`)[0]}`, `${made}/vmlinuz`);
  await configure(system);
  await makeDisk(system, `${made}/disk`, '1G');
  for (const name of readdirSync(made).filter((entry) => !['disk', 'vmlinuz'].includes(entry)))
    rmSync(`${made}/${name}`, { recursive: true });
}

async function configure(system: string): Promise<void> {
  const units = `${system}/etc/systemd/system`;
  mkdirSync(`${units}/multi-user.target.wants`, { recursive: true });
  mkdirSync(`${system}/usr/local`);
  for (const unit of masked) symlinkSync('/dev/null', `${units}/${unit}`);
  writeFileSync(`${units}/console.service`, console);
  symlinkSync('../console.service', `${units}/multi-user.target.wants/console.service`);
  symlinkSync('/lib/systemd/system/multi-user.target', `${units}/default.target`);
  writeFileSync(`${system}/etc/machine-id`, `${'0123456789abcdef'.repeat(2)}\n`);
  writeFileSync(`${system}/usr/bin/npm`, npm, { mode: 0o755 });
  writeFileSync(`${system}/usr/bin/sudo`, sudo, { mode: 0o755 });
  cpSync(realpathSync(process.execPath), `${system}/usr/bin/node`);
  await run('systemd-sysusers', [`--root=${system}`]);
}

async function makeDisk(from: string, disk: string, size: string): Promise<string> {
  const quick = ['-q', '-O', '^has_journal', '-E', 'lazy_itable_init=1'];
  await run('/sbin/mke2fs', ['-t', 'ext4', ...quick, '-d', from, disk, size]);
  return disk;
}

async function unpack(archive: string, to: string, args: readonly string[]): Promise<void> {
  const tar = ['tar', '-x', '-C', to, '--keep-directory-symlink', ...args].join(' ');
  await run('bash', ['-o', 'pipefail', '-c', `dpkg-deb --fsys-tarfile "$0" | ${tar}`, archive]);
}

// Of a system in which nothing is installed.
async function apt(made: string, args: readonly string[]): Promise<string> {
  writeFileSync(`${made}/status`, '');
  mkdirSync(`${made}/archives/partial`, { recursive: true });
  const settings = [`Dir::State::status=${made}/status`, `Dir::Cache=${made}`]
    .concat([`Dir::Cache::archives=${made}/archives`, 'APT::Install-Recommends=false'])
    .concat(['APT::Sandbox::User=root', 'Debug::NoLocking=true']);
  return run('apt-get', ['-qq', '-y', ...settings.flatMap((text) => ['-o', text]), ...args]);
}

async function newestKernel(): Promise<string> {
  const said = await run('apt-cache', ['depends', 'linux-image-cloud-amd64']);
  const kernel = /Depends: (linux-image-\S+)/.exec(said)?.[1];
  if (kernel === undefined) throw new Error('apt knows no linux-image-cloud-amd64: apt-get update');
  return kernel;
}

// Of packages, this file and Node.
function nameOf(packageNames: string): string {
  const { size, mtimeMs } = statSync(process.execPath);
  const hash = createHash('sha256');
  hash.update(packageNames).update(readFileSync(fileURLToPath(import.meta.url)));
  hash.update(JSON.stringify([process.version, size, mtimeMs]));
  return hash.digest('hex').slice(0, 16);
}

async function run(command: string, args: readonly string[], cwd = root): Promise<string> {
  const env = { ...process.env, LC_ALL: 'C' };
  const { stdout } = await promisify(execFile)(command, args, { cwd, env, maxBuffer: 2 ** 26 });
  return stdout;
}

// Disks of a guest whose PID 1 is Debian's systemd: the system, and this package as npm installs it.
// Rule 1: the system is made of Debian's packages, of test/guest/system and of the Node that runs this. It is kept
//   in `dist/systemd`, under a name that is what it is made of.
// Rule 2: what is built in the kernel is enough: it boots from ext4 on NVMe, without an initramfs or modules.
// Rule 3: two that make it at the same time make it twice: whole or not at all is what counts.
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
} from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { newestKernel, packageList, unpackDebian, unpackKernel } from './debian-root.js';
import { installPackage } from './install-package.js';
import { temp, type Scope } from './temp.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));
const kept = `${root}dist/systemd`;
const overlay = `${root}test/guest/system`;
// What an administrator's commands and the server need.
const packages = [
  ...['systemd', 'usr-is-merged', 'bash', 'dash', 'coreutils', 'grep', 'sed', 'curl'],
  ...['util-linux', 'passwd', 'procps', 'libstdc++6'],
];

/** Where the files of a system are. */
export interface SystemDisk {
  readonly kernel: string;
  readonly disk: string;
}

/** The system: makes it if it is not there, or not of the newest packages. */
export async function systemDisk(): Promise<SystemDisk> {
  mkdirSync(kept, { recursive: true });
  removeUnfinished();
  const scratch = mkdtempSync(`${kept}/new-${process.pid}-`);
  try {
    const kernel = await newestKernel();
    const name = nameOf(`${kernel}\n${await packageList(scratch, packages)}`);
    const made = { kernel: `${kept}/${name}/vmlinuz`, disk: `${kept}/${name}/disk` };
    if (existsSync(made.disk)) return made;
    await makeSystem(scratch, kernel);
    keep(`${scratch}/kept`, name);
    return made;
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

/** A disk with the package, to be mounted at /usr/local; it goes with the test. */
export async function packageDisk(t: Scope): Promise<string> {
  const directory = temp(t);
  const disk = `${directory}/disk`;
  await makeDisk(await installPackage(`${directory}/local`), disk, '64M');
  return disk;
}

async function makeSystem(scratch: string, kernel: string): Promise<void> {
  const system = `${scratch}/system`;
  await unpackDebian(system, scratch, packages);
  mkdirSync(`${system}/usr/local`);
  cpSync(overlay, system, { recursive: true, verbatimSymlinks: true });
  cpSync(realpathSync(process.execPath), `${system}/usr/bin/node`);
  await run('systemd-sysusers', [`--root=${system}`]);
  await run('systemd-machine-id-setup', [`--root=${system}`]);
  mkdirSync(`${scratch}/kept`);
  renameSync(await unpackKernel(scratch, kernel), `${scratch}/kept/vmlinuz`);
  await makeDisk(system, `${scratch}/kept/disk`, '1G');
}

// Gives it its name, unless another was faster, and removes those of other names.
function keep(directory: string, name: string): void {
  for (const old of readdirSync(kept)) {
    if (old !== name && !old.startsWith('new-')) rmSync(`${kept}/${old}`, { recursive: true });
  }
  if (!existsSync(`${kept}/${name}`)) renameSync(directory, `${kept}/${name}`);
}

// What a run that was killed has left.
function removeUnfinished(): void {
  for (const name of readdirSync(kept)) {
    const [, maker] = /^new-(\d+)-/.exec(name) ?? [];
    if (maker !== undefined && !existsSync(`/proc/${maker}`))
      rmSync(`${kept}/${name}`, { recursive: true, force: true });
  }
}

function nameOf(versions: string): string {
  const { size, mtimeMs } = statSync(process.execPath);
  const hash = createHash('sha256').update(JSON.stringify([versions, size, mtimeMs]));
  for (const entry of readdirSync(overlay, { recursive: true, withFileTypes: true }))
    if (entry.isFile()) hash.update(readFileSync(`${entry.parentPath}/${entry.name}`));
  for (const helper of ['systemd-disk', 'debian-root'])
    hash.update(readFileSync(new URL(`${helper}.js`, import.meta.url)));
  return hash.digest('hex').slice(0, 16);
}

async function makeDisk(from: string, disk: string, size: string): Promise<void> {
  const quick = ['-q', '-O', '^has_journal', '-E', 'lazy_itable_init=1'];
  await run('mke2fs', ['-t', 'ext4', ...quick, '-d', from, disk, size]);
}

async function run(command: string, args: readonly string[]): Promise<void> {
  await promisify(execFile)(command, args, { maxBuffer: 2 ** 24 });
}

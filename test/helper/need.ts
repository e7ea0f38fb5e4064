/**
 * What a test needs of the machine: `t.test('…', need('qemu'), async (t) => …)`.
 *
 * Rule 1: a need that is not met skips the test, and the skip says how to meet it, as
 * `reason; command`: the runner gathers the commands.
 * Rule 2: under IVSHMEM_TEST_NO_SKIP=1 the same test fails, with the same words.
 */
import { spawnSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { delimiter, join } from 'node:path';
import t from 'tap';
import { canHoldPeers } from '../../native/peer-process.js';
import { cgroupRoot } from './cgroup.js';

/** One thing a test may need: whether it is there, why not, and the command that provides it. */
export interface Requirement {
  readonly isMet: () => boolean;
  readonly reason: string;
  readonly remedy: string;
}

const requirements = {
  qemu: {
    isMet: () => isInPath('qemu-system-x86_64'),
    reason: 'qemu-system-x86_64 is not in PATH',
    remedy: 'apt-get install -y --no-install-recommends qemu-system-x86',
  },
  cc: {
    isMet: () => isInPath('cc'),
    reason: 'cc is not in PATH',
    remedy: 'apt-get install -y --no-install-recommends gcc libc6-dev',
  },
  xmllint: {
    isMet: () => isInPath('xmllint'),
    reason: 'xmllint is not in PATH',
    remedy: 'apt-get install -y --no-install-recommends libxml2-utils',
  },
  'libvirt-schema': {
    isMet: () => existsSync('/usr/share/libvirt/schemas/domain.rng'),
    reason: "libvirt's schema of a domain is not there",
    // The library itself has it, and needs no daemon.
    remedy: 'apt-get install -y --no-install-recommends libvirt0',
  },
  promtool: {
    isMet: () => isInPath('promtool'),
    reason: 'promtool is not in PATH',
    remedy: 'apt-get install -y --no-install-recommends prometheus',
  },
  strace: {
    isMet: () => isInPath('strace'),
    reason: 'strace is not in PATH',
    remedy: 'apt-get install -y --no-install-recommends strace',
  },
  root: {
    isMet: () => process.getuid?.() === 0,
    reason: 'not root',
    remedy: 'sudo npm test',
  },
  fuse: {
    isMet: () => existsSync('/dev/fuse'),
    reason: '/dev/fuse is not there',
    remedy: 'modprobe fuse',
  },
  cgroup: {
    isMet: () => cgroupRoot() !== undefined,
    reason: 'no cgroup2 that can be written to',
    remedy: 'mkdir -p /sys/fs/cgroup/unified && mount -t cgroup2 none /sys/fs/cgroup/unified',
  },
  pidfd: {
    isMet: canHoldPeers,
    reason: 'this kernel has no SO_PEERPIDFD',
    remedy: 'boot Linux 6.5 or newer',
  },
  hugepages: {
    isMet: () => /^HugePages_Free: +[1-9]/m.test(readFileSync('/proc/meminfo', 'latin1')),
    reason: 'no free huge pages',
    remedy: 'sysctl -q -w vm.nr_hugepages=16',
  },
  make: {
    isMet: () => isInPath('make') && existsSync('/usr/lib/x86_64-linux-gnu/libelf.so.1'),
    reason: 'make, or the libelf.so.1 that kernel modules are built with, is not there',
    remedy: 'apt-get install -y --no-install-recommends make libelf1',
  },
  kernel: {
    isMet: () =>
      spawnSync('apt-cache', ['show', 'linux-image-cloud-amd64'], { stdio: 'ignore' }).status === 0,
    reason: 'apt knows no linux-image-cloud-amd64',
    remedy: 'apt-get update',
  },
  'unix-dgram': {
    isMet: () => canLoad('unix-dgram'),
    reason: 'the package unix-dgram is not built for this Node',
    remedy: 'npm rebuild unix-dgram',
  },
  'socket-activate': {
    isMet: () => isInPath('systemd-socket-activate'),
    reason: 'systemd-socket-activate is not in PATH',
    remedy: 'apt-get install -y --no-install-recommends systemd',
  },
  systemd: {
    isMet: () => isInPath('systemd-analyze'),
    reason: 'systemd-analyze is not in PATH',
    remedy: 'apt-get install -y --no-install-recommends systemd',
  },
  ext4: {
    isMet: () => isInPath('mke2fs'),
    reason: 'mke2fs is not in PATH',
    remedy: 'apt-get install -y --no-install-recommends e2fsprogs',
  },
  openssl: {
    isMet: () => isInPath('openssl'),
    reason: 'openssl is not in PATH',
    remedy: 'apt-get install -y --no-install-recommends openssl',
  },
  'man-tools': {
    isMet: () => ['man', 'lexgrog', 'groff', 'mandoc'].every(isInPath),
    reason: 'man, lexgrog, groff or mandoc is not in PATH',
    remedy: 'apt-get install -y --no-install-recommends man-db groff-base mandoc',
  },
  'bash-completion': {
    isMet: () => existsSync('/usr/share/bash-completion/bash_completion'),
    reason: 'bash-completion is not there',
    remedy: 'apt-get install -y --no-install-recommends bash-completion',
  },
  zsh: {
    isMet: () => isInPath('zsh'),
    reason: 'zsh is not in PATH',
    remedy: 'apt-get install -y --no-install-recommends zsh',
  },
  fish: {
    isMet: () => isInPath('fish'),
    reason: 'fish is not in PATH',
    remedy: 'apt-get install -y --no-install-recommends fish',
  },
  tmux: {
    isMet: () => isInPath('tmux'),
    reason: 'tmux is not in PATH',
    remedy: 'apt-get install -y --no-install-recommends tmux',
  },
} as const satisfies Record<string, Requirement>;

/** tap options for a test that needs these things: none, or a skip. They mix with other options. */
export const need = needFrom(requirements);

/** What real guests are made of: `need(...guests)`. */
export const guests = ['qemu', 'cc', 'make', 'kernel'] as const;
/** What a guest with systemd is made of. */
export const systemdGuests = ['qemu', 'kernel', 'systemd', 'ext4', 'root'] as const;

// Only a parent's flag turns a skip into a failure, and every test inherits it from the root.
if (process.env['IVSHMEM_TEST_NO_SKIP'] === '1') t.options.failSkip = true;

/** Makes a `need` from a table of requirements. */
export function needFrom<Name extends string>(table: Readonly<Record<Name, Requirement>>) {
  return (...names: readonly Name[]): { skip?: string } => {
    const missing = names.map((name) => table[name]).filter(({ isMet }) => !isMet());
    if (missing.length === 0) return {};
    const reasons = missing.map(({ reason }) => reason).join(', ');
    const remedies = missing.map(({ remedy }) => remedy).join(' && ');
    return { skip: `${reasons}; ${remedies}` };
  };
}

function isInPath(command: string): boolean {
  return (process.env['PATH'] ?? '').split(delimiter).some((directory) => {
    try {
      accessSync(join(directory, command), constants.X_OK);
      return true;
    } catch {
      return false;
    }
  });
}

function canLoad(name: string): boolean {
  try {
    createRequire(import.meta.url)(name);
    return true;
  } catch {
    return false;
  }
}

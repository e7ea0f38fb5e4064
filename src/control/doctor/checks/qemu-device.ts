// Whether the QEMU that is installed here has the devices: distributions leave them out (RHEL's qemu-kvm).
//
// Rule 1: only programs of this user's own PATH are run, and none of wherever this happens to be called; with
//         nothing but a question, and not for long.
import { execFile } from 'node:child_process';
import { accessSync, constants, realpathSync } from 'node:fs';
import path from 'node:path';
import { shown, type Check, type Complaint } from '../finding.js';

const ANSWER_MS = 5_000;
const DEVICES = ['ivshmem-doorbell', 'ivshmem-plain'];
const ARCHITECTURES: Readonly<Record<string, string>> = {
  x64: 'x86_64',
  arm64: 'aarch64',
  riscv64: 'riscv64',
  loong64: 'loongarch64',
  ppc64: 'ppc64',
  s390x: 's390x',
};

export const qemuDevice: Check = {
  name: 'qemu',
  about: 'the QEMU of this machine has ivshmem-doorbell and ivshmem-plain',
  look: async ({ programPath }) => {
    const programs = qemusIn(programPath);
    if (programs.length === 0) {
      return [
        {
          severity: 'warning',
          subject: 'PATH',
          message: `there is no ${namesHere().join(', ')}`,
          remedy: 'install QEMU (apt-get install qemu-system-x86, dnf install qemu-kvm)',
        },
      ];
    }
    return (await Promise.all(programs.map(askProgram))).flat();
  },
};

function namesHere(): string[] {
  const architecture = ARCHITECTURES[process.arch] ?? process.arch;
  return [`qemu-system-${architecture}`, 'qemu-kvm', 'kvm'];
}

function qemusIn(directories: readonly string[]): string[] {
  const found = namesHere().flatMap((name) => {
    const files = directories
      .filter((one) => path.isAbsolute(one))
      .map((directory) => path.join(directory, name));
    return files.find(isProgram) ?? [];
  });
  // One is often a link to the other.
  return [...new Map(found.map((file) => [realpathSync(file), file])).values()];
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

async function askProgram(program: string): Promise<Complaint[]> {
  const subject = shown(program);
  const answers = await Promise.all(DEVICES.map((device) => helpOf(program, device)));
  const silent = answers.find((answer) => answer instanceof Error);
  if (silent !== undefined) {
    const message = `it does not run: ${shown(silent.message.split('\n')[0] ?? '')}`;
    return [
      { severity: 'warning', subject, message, remedy: `see what ${subject} --version says` },
    ];
  }
  const missing = DEVICES.filter(
    (device, index) => !String(answers[index]).includes(`${device} options`),
  );
  if (missing.length === 0) return [];
  return [
    {
      severity: 'error',
      subject,
      message: `it has no ${missing.join(' and no ')}`,
      remedy:
        "install a QEMU that has them (Debian's qemu-system-x86), or build one with CONFIG_IVSHMEM_DEVICE=y",
    },
  ];
}

// QEMU says the same with either exit code; only what cannot be run, or does not end, is an error.
function helpOf(program: string, device: string): Promise<string | Error> {
  return new Promise((resolve) => {
    const args = [
      '-machine',
      'none',
      '-nodefaults',
      '-display',
      'none',
      '-device',
      `${device},help`,
    ];
    const options = { timeout: ANSWER_MS, killSignal: 'SIGKILL', maxBuffer: 2 ** 20 } as const;
    execFile(program, args, options, (error, stdout) => {
      const isUnrun = error !== null && typeof error.code !== 'number';
      resolve(isUnrun ? error : stdout);
    });
  });
}

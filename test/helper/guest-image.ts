// What real guests boot, made of Debian's packages by the script that the documentation has.
// Rule 1: made once for all test files, in `dist/guest`; who comes second waits for the first.
import { execFile, execFileSync } from 'node:child_process';
import { copyFileSync, writeFileSync } from 'node:fs';
import { basename } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { temp, type Scope } from './temp.js';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Where the sources of the guests' driver and programs are. */
export const guestSources = `${root}examples/guest`;
/** Where `boot/build` puts what guests boot. */
export const guestImage = `${root}dist/guest`;

/** Runs `boot/build`, by default for that place; gives what it says. Rejects with the same. */
export async function buildGuest(
  out = guestImage,
  environment: NodeJS.ProcessEnv = {},
): Promise<string> {
  const options = { env: { ...process.env, ...environment }, maxBuffer: 2 ** 24 };
  const { stdout, stderr } = await promisify(execFile)(
    `${guestSources}/boot/build`,
    [out],
    options,
  );
  return stdout + stderr;
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
  const archive = execFileSync(`${guestImage}/root/bin/busybox`, ['cpio', '-o', '-H', 'newc'], {
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

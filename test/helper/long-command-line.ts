// A process whose command line is as long as one likes; see long-command-line.c.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { temp, type Scope } from './temp.js';

const source = fileURLToPath(new URL('../../../test/helper/long-command-line.c', import.meta.url));

/** The command to start it with: it connects to the socket, and has a QEMU's name as a file and in what it says. */
export function longCommandLine(t: Scope, socket: string, mebibytes: number): string[] {
  const program = `${temp(t)}/qemu-system-x86_64`;
  execFileSync('cc', ['-std=gnu11', '-D_GNU_SOURCE', '-Wall', '-Werror', '-o', program, source]);
  return [program, socket, String(mebibytes)];
}

// A process that is a QEMU by the name of its program, and a shell that waits: for what QEMU itself would not
// survive, or not say.
import { chmodSync, copyFileSync } from 'node:fs';
import { Child } from './child.js';
import { temp, type Scope } from './temp.js';
import { until } from './until.js';

export interface ImpostorOptions {
  readonly name?: string;
  readonly fdLimit?: number;
  readonly args?: readonly string[];
  /** Goes before the command: `asUser`. */
  readonly as?: readonly string[];
}

/** Resolves when it runs. */
export async function impostor(t: Scope, options: ImpostorOptions = {}): Promise<Child> {
  const { name = 'qemu-system-x86_64', fdLimit, args = [], as = [] } = options;
  const directory = temp(t);
  const program = `${directory}/${name}`;
  copyFileSync('/bin/sh', program);
  chmodSync(directory, 0o755);
  const argv = [...as, program, '-c', 'echo ready; read line', ...args];
  const child = new Child(t, argv, { fdLimit });
  let ready = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (ready += text));
  await until('it runs', () => ready === 'ready\n');
  return child;
}

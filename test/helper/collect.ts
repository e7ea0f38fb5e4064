// What the garbage collector does with addresses, for tests in which they are given back.
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import v8 from 'node:v8';
import vm from 'node:vm';

/** Collects what nothing refers to; who is told of that may need a few of these. */
export async function collected(): Promise<void> {
  v8.setFlagsFromString('--expose-gc');
  const collect = vm.runInNewContext('gc') as () => void;
  collect();
  await sleep(5);
}

/** The addresses that this process has in use, in KiB. */
export function addressSpace(): number {
  return Number(/^VmSize:\s+(\d+)/m.exec(readFileSync('/proc/self/status', 'latin1'))?.[1]);
}

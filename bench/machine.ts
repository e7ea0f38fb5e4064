// Where figures come from: without this they mean nothing.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import os from 'node:os';

/** The machine, its kernel, the versions and the limits in force, by name. */
export function describeMachine(): Readonly<Record<string, string>> {
  return {
    processors: `${os.availableParallelism()} × ${os.cpus()[0]?.model ?? 'unknown'}`,
    memory: `${Math.round(os.totalmem() / 2 ** 30)} GiB`,
    load: os
      .loadavg()
      .map((load) => load.toFixed(1))
      .join(' '),
    kernel: `${os.type()} ${os.release()} ${os.arch()}`,
    node: process.version,
    koffi: versionOf('koffi'),
    cc: execFileSync('cc', ['--version'], { encoding: 'latin1' }).split('\n')[0] ?? '',
    'huge pages': hugePages(),
    'open files': limit('Max open files'),
    'locked memory': limit('Max locked memory'),
  };
}

function versionOf(name: string): string {
  const file = new URL(`../../node_modules/${name}/package.json`, import.meta.url);
  return (JSON.parse(readFileSync(file, 'utf8')) as { version: string }).version;
}

function hugePages(): string {
  const path = '/sys/kernel/mm/transparent_hugepage';
  const chosen = (name: string): string =>
    /\[(\w+)\]/.exec(readFileSync(`${path}/${name}`, 'latin1'))?.[1] ?? 'unknown';
  try {
    return `transparent: ${chosen('enabled')}, shared memory: ${chosen('shmem_enabled')}`;
  } catch {
    return 'none';
  }
}

function limit(name: string): string {
  const [, soft = 'unknown'] =
    new RegExp(`^${name} +(\\S+)`, 'm').exec(readFileSync('/proc/self/limits', 'latin1')) ?? [];
  return soft;
}

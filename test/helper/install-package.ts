// This package as `npm install -g` leaves it on a machine, but for its man pages.
// Rule 1: its files are those of `npm pack`; its dependencies, those that are installed here: no registry is asked.
import { execFile } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('../../../', import.meta.url));

/** Installs it under a prefix, which may be new; gives the prefix back. */
export async function installPackage(prefix: string): Promise<string> {
  const place = `${prefix}/lib/node_modules/ivshmem`;
  for (const directory of [place, `${prefix}/bin`]) mkdirSync(directory, { recursive: true });
  await unpackInto(place, prefix);
  for (const directory of await dependencies()) {
    cpSync(directory, `${place}/${relative(root, directory)}`, { recursive: true });
  }
  const text = readFileSync(`${place}/package.json`, 'utf8');
  const { bin } = JSON.parse(text) as { bin: Record<string, string> };
  for (const [name, file] of Object.entries(bin)) {
    chmodSync(`${place}/${file}`, 0o755);
    symlinkSync(`../lib/node_modules/ivshmem/${file}`, `${prefix}/bin/${name}`);
  }
  return prefix;
}

async function unpackInto(place: string, scratch: string): Promise<void> {
  const pack = ['pack', '--ignore-scripts', '--json', '--pack-destination', scratch];
  const [{ filename }] = JSON.parse(await run('npm', pack)) as [{ filename: string }];
  const archive = `${scratch}/${filename}`;
  await run('tar', ['-xzf', archive, '-C', place, '--strip-components=1', '--no-same-owner']);
  rmSync(archive);
}

async function dependencies(): Promise<string[]> {
  const list = await run('npm', ['ls', '--omit=dev', '--all', '--parseable']);
  // The first is the package itself.
  return list.trim().split('\n').slice(1);
}

async function run(command: string, args: readonly string[]): Promise<string> {
  return (await promisify(execFile)(command, args, { cwd: root, maxBuffer: 2 ** 24 })).stdout;
}

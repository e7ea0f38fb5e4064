// All files that are made of the commands' own tables: man pages and completions.
import { bashCompletion } from './bash.js';
import type { Command } from './command.js';
import { configPage } from './config-page.js';
import { fishCompletion } from './fish.js';
import { manPage, pageName } from './man-page.js';
import { readPrograms } from './program.js';
import { zshCompletion } from './zsh.js';

/** Where they are, from the root of the package: nothing else is in these directories. */
export const directories = ['packaging/man', 'packaging/completions'] as const;

/** Their texts, by path. */
export async function manualFiles(): Promise<Record<string, string>> {
  const programs = await readPrograms();
  const [man, completions] = directories;
  const shells = programs.flatMap((program) => [
    [`${completions}/bash/${program.name}`, bashCompletion(program)],
    [`${completions}/fish/${program.name}.fish`, fishCompletion(program)],
  ]);
  const pages = programs.flatMap((program) => pagesOf(program));
  return Object.fromEntries([
    ...pages.map(([name = '', text]) => [`${man}/${name}.1`, text]),
    [`${man}/ivshmem-config.5`, configPage()],
    ...shells,
    [`${completions}/zsh/_ivshmem`, zshCompletion(programs)],
  ]) as Record<string, string>;
}

function pagesOf(command: Command, parent?: Command): string[][] {
  const own = [pageName(command), manPage(command, parent)];
  return [own, ...command.commands.flatMap((under) => pagesOf(under, command))];
}

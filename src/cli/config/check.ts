// `ivshmem config check`: what a configuration file would be to a server, and what is wrong with it.
import type { ArgumentsCamelCase, CommandModule, InferredOptionTypes, Options } from 'yargs';
import { print, printJson, ReadersEnd } from '../print.js';
import { readConfig } from './read-config.js';
import { regionTable } from './region-table.js';
import { checkSurplus } from '../surplus.js';

export const checkOptions = {
  json: { type: 'boolean', description: 'Print one JSON object instead of a table' },
} as const satisfies Record<string, Options>;

type CheckArguments = InferredOptionTypes<typeof checkOptions> & { FILE: string | undefined };

export const checkCommand: CommandModule<object, CheckArguments> = {
  command: 'check <FILE>',
  describe: 'Check a configuration file, and print its regions',
  builder: (yargs) =>
    yargs
      .positional('FILE', { type: 'string', description: 'The file, YAML' })
      .options(checkOptions)
      .example('$0 config check /etc/ivshmem.yaml', 'Print its regions, or all that is wrong')
      .example('$0 config check lab.yaml --json', 'The same for programs: all options'),
  handler: check,
};

async function check(given: ArgumentsCamelCase<CheckArguments>): Promise<void> {
  checkSurplus(given, 2);
  const config = await readConfig(given.FILE ?? '');
  try {
    await (given.json ? printJson(config) : print(regionTable(config.regions)));
  } catch (error) {
    if (!(error instanceof ReadersEnd)) throw error;
  }
}

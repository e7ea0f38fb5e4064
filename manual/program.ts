// The commands of this package, as their own tables have them.
import { clientFlags } from '../src/cli/client/client-flags.js';
import { commandHelp } from '../src/cli/client/command.js';
import { commands } from '../src/cli/commands.js';
import type { Flag, FlagCommand } from '../src/cli/flag-command.js';
import { about } from '../src/cli/parser.js';
import { serverFlags } from '../src/cli/server-flags.js';
import type { Command, Option } from './command.js';
import { commonOptions, readCommands } from './yargs-command.js';

/** `ivshmem`, `ivshmem-server` and `ivshmem-client`. */
export async function readPrograms(): Promise<Command[]> {
  const ivshmem = {
    name: 'ivshmem',
    summary: about,
    description: [],
    positionals: [],
    options: commonOptions,
    commands: await readCommands(commands, 'ivshmem'),
    dialogue: [],
    examples: [],
  };
  const server = { ...flagCommand(serverFlags), description: serverFlags.notes };
  const dialogue = commandHelp.map((line): [string, string] => {
    const [command = '', description = ''] = line.split(/ {2,}/);
    return [command, description];
  });
  return [ivshmem, server, { ...flagCommand(clientFlags), dialogue }];
}

function flagCommand({ name, summary, flags, examples }: FlagCommand): Command {
  const options = Object.entries(flags).map(flagOption);
  const none = { description: [], positionals: [], commands: [], dialogue: [] };
  return { name, summary, options, examples, ...none };
}

function flagOption([letter, { value, description }]: [string, Flag]): Option {
  return { flags: [`-${letter}`], value, choices: [], description };
}

// `ivshmem config`: what is to be done with a configuration file without a server.
import type { CommandModule } from 'yargs';
import { checkCommand } from './check.js';

export const configGroup: CommandModule = {
  builder: (yargs) =>
    yargs
      .command(checkCommand as CommandModule)
      .usage('$0 config COMMAND\n\nCheck the file that describes regions.')
      .demandCommand(1, 'a command is missing'),
  handler: () => undefined,
};

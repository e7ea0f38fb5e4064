// `ivshmem peer`: the host as a peer of a region, one command at a time.
import type { CommandModule } from 'yargs';
import type { PeerCommand } from './command.js';
import { echoCommand } from './echo.js';
import { pingCommand } from './ping.js';
import { readCommand } from './read.js';
import { ringCommand } from './ring.js';
import { waitCommand } from './wait.js';
import { watchCommand } from './watch.js';
import { writeCommand } from './write.js';

/** The commands of `ivshmem peer`, by name. */
export const peerCommands: Readonly<Record<string, PeerCommand>> = {
  ring: ringCommand,
  wait: waitCommand,
  watch: watchCommand,
  read: readCommand,
  write: writeCommand,
  ping: pingCommand,
  echo: echoCommand,
};

export const peerGroup: CommandModule = {
  builder: (yargs) => {
    for (const { module } of Object.values(peerCommands)) yargs.command(module);
    return yargs
      .usage('$0 peer COMMAND\n\nAct as one more peer of a region, for the time of a command.')
      .demandCommand(1, 'a command is missing');
  },
  handler: () => undefined,
};

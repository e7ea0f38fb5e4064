// `ivshmem peer`: the host as a peer of a region, one command at a time.
import type { CommandModule } from 'yargs';
import type { PeerCommand } from './peer-command.js';
import { echoCommand } from './peer-echo.js';
import { pingCommand } from './peer-ping.js';
import { readCommand } from './peer-read.js';
import { ringCommand } from './peer-ring.js';
import { waitCommand } from './peer-wait.js';
import { watchCommand } from './peer-watch.js';
import { writeCommand } from './peer-write.js';

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

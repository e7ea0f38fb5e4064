// The commands of `ivshmem`, each loaded when it is called: none waits for what another needs.
import type { CommandModule } from 'yargs';

/** What may be typed where somebody has got to on the command line. */
export interface Place {
  /** `ivshmem peer ring` */
  readonly name: string;
  readonly commands: readonly string[];
  readonly positionals: readonly string[];
  readonly flags: readonly string[];
}

/** For yargs. */
export const commands: readonly CommandModule[] = [
  lazy('serve', 'Serve one region on one socket, in the foreground', async () => {
    const { serveCommand } = await import('./serve.js');
    return serveCommand as CommandModule;
  }),
];

/** The command that was called, as far as it is one. */
export async function placeOf([command]: readonly string[]): Promise<Place> {
  if (command !== 'serve') return place('ivshmem', { commands: ['serve'] });
  const { serveOptions } = await import('./serve.js');
  return place('ivshmem serve', { flags: Object.keys(serveOptions) });
}

function place(name: string, words: Partial<Place>): Place {
  const { commands = [], positionals = [], flags = [] } = words;
  return { name, commands, positionals, flags };
}

function lazy(
  command: string,
  describe: string,
  load: () => Promise<CommandModule>,
): CommandModule {
  return {
    command,
    describe,
    builder: async (yargs) => {
      const { builder } = await load();
      return typeof builder === 'function' ? builder(yargs) : yargs;
    },
    handler: async (given) => {
      await (await load()).handler(given);
    },
  };
}

// The commands of `ivshmem`, each loaded when it is called: a server does not wait for the peer
// library, nor a peer's command for the server.
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
  lazy('serve', 'Serve a region, or those of a file, in the foreground', async () => {
    const { serveCommand } = await import('./serve.js');
    return serveCommand as CommandModule;
  }),
  lazy('peer', 'Act as a peer: ring, wait, watch, read, write, ping, echo', async () => {
    const { peerGroup } = await import('./peer/group.js');
    return peerGroup;
  }),
  lazy('qemu-args', 'Print what a VM needs for a region: QEMU options, libvirt XML', async () => {
    const { qemuArgsCommand } = await import('./qemu-args/command.js');
    return qemuArgsCommand as CommandModule;
  }),
  lazy('status [REGION]', 'Show the regions of a server, and who is there', async () => {
    const { statusCommand } = await import('./status/command.js');
    return statusCommand as unknown as CommandModule;
  }),
  lazy('events', 'Show what has happened, and follow what happens', async () => {
    const { eventsCommand } = await import('./events.js');
    return eventsCommand as CommandModule;
  }),
  lazy('top', 'Show a server live: stuck peers, waiting rings', async () => {
    const { topCommand } = await import('./top/command.js');
    return topCommand as CommandModule;
  }),
  lazy('evict <REGION> <PEER>', 'Cut a peer off, without harm to it', async () => {
    const { evictCommand } = await import('./evict.js');
    return evictCommand as unknown as CommandModule;
  }),
  lazy('reload', 'Have a server read its configuration file again', async () => {
    const { reloadCommand } = await import('./reload.js');
    return reloadCommand as CommandModule;
  }),
  lazy(
    'doctor',
    'Look for what makes labs fail, on this machine and in a running lab',
    async () => {
      const { doctorCommand } = await import('./doctor.js');
      return doctorCommand as CommandModule;
    },
  ),
  lazy('config', 'Check a configuration file', async () => {
    const { configGroup } = await import('./config/group.js');
    return configGroup;
  }),
];

// The options of commands that have no commands below them.
const optionsOf: Readonly<Record<string, () => Promise<object>>> = {
  serve: async () => (await import('./serve-options.js')).serveOptions,
  'qemu-args': async () => (await import('./qemu-args/command.js')).qemuArgsOptions,
  status: async () => (await import('./status/command.js')).statusOptions,
  events: async () => (await import('./events.js')).eventsOptions,
  top: async () => (await import('./top/command.js')).topOptions,
  evict: async () => (await import('./evict.js')).evictOptions,
  reload: async () => (await import('./reload.js')).reloadOptions,
  doctor: async () => (await import('./doctor.js')).doctorOptions,
};

/** The command that was called, as far as it is one. */
export async function placeOf([command = '', ...more]: readonly string[]): Promise<Place> {
  if (command === 'config') return configPlace(more);
  if (command === 'peer') return peerPlace(more);
  const options = Object.hasOwn(optionsOf, command) ? await optionsOf[command]?.() : undefined;
  if (options === undefined)
    return place('ivshmem', { commands: commands.map(wordsOf).map(first) });
  const positionals = wordsOf(commands.find((one) => first(wordsOf(one)) === command)).slice(1);
  return place(`ivshmem ${command}`, {
    positionals: positionals.map((word) => word.slice(1, -1)),
    flags: Object.keys(options),
  });
}

// `evict`, `<REGION>`, `<PEER>`
function wordsOf(command: CommandModule | undefined): string[] {
  return String(command?.command).split(' ');
}

function first([word = '']: readonly string[]): string {
  return word;
}

async function peerPlace(words: readonly string[]): Promise<Place> {
  const { peerCommands } = await import('./peer/group.js');
  const name = words.find((word) => Object.hasOwn(peerCommands, word));
  if (name === undefined) return place('ivshmem peer', { commands: Object.keys(peerCommands) });
  return place(`ivshmem peer ${name}`, peerCommands[name] ?? {});
}

async function configPlace(words: readonly string[]): Promise<Place> {
  if (!words.includes('check')) return place('ivshmem config', { commands: ['check'] });
  const { checkOptions } = await import('./config/check.js');
  const flags = Object.keys(checkOptions);
  return place('ivshmem config check', { positionals: ['FILE'], flags });
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

// What the commands of `ivshmem peer` have in common: read what is asked, join, act, leave.
//
// Rule 1: what is wrong without knowing the region is found before anybody joins.
// Rule 2: whatever happens, the peer leaves.
import type { ArgumentsCamelCase, CommandModule, InferredOptionTypes, Options } from 'yargs';
import { Peer } from '../../peer/peer.js';
import { socketPath } from '../default-socket.js';
import { UsageError } from '../exit.js';
import { ReadersEnd } from '../print.js';
import { withRemedy } from '../remedy.js';
import { text } from '../text-option.js';
import { joinAsHost } from './join-as-host.js';

type Table = Readonly<Record<string, Options & { readonly type: 'string' | 'boolean' }>>;

/** What a command does as a peer of the region behind this socket; its end is the command's. */
export type Act = (peer: Peer, socket: string) => Promise<void>;

/** One command. */
export interface PeerCommandOptions<Positionals extends Table, Flags extends Table> {
  /** As it is typed after `ivshmem peer`: `ring <PEER> <VECTOR>`. */
  readonly command: string;
  readonly describe: string;
  /** In the order of `command`. */
  readonly positionals: Positionals;
  /** Besides those of all commands. */
  readonly flags: Flags;
  readonly examples: readonly (readonly [command: string, description: string])[];
  /** Throws UsageError, OptionsError. */
  readonly read: (given: InferredOptionTypes<Positionals & Flags>) => Act;
}

/** A command for yargs, and the words that it knows. */
export interface PeerCommand {
  readonly module: CommandModule;
  readonly positionals: readonly string[];
  readonly flags: readonly string[];
}

const joinFlags = {
  socket: text(
    "Path of the server's socket, or of its --host-socket where that is not beside it",
    '$XDG_RUNTIME_DIR/ivshmem.sock, for root /run/ivshmem.sock',
  ),
  'as-vm': {
    type: 'boolean',
    description: 'Join by that very socket, as a VM does: for commands that stay',
  },
} as const;

/** The flag of commands that have something to tell. */
export const jsonFlag = {
  json: { type: 'boolean', description: 'Print JSON, one object a line' },
} as const;

/** A positional that must be there. */
export function required(description: string) {
  return { type: 'string', description, demandOption: true } as const;
}

/** Makes one of `ivshmem peer`'s commands. */
export function peerCommand<Positionals extends Table, Flags extends Table>(
  options: PeerCommandOptions<Positionals, Flags>,
): PeerCommand {
  const { command, describe, examples, positionals, read } = options;
  const flags: Table = { ...options.flags, ...joinFlags };
  const module: CommandModule = {
    command,
    describe,
    builder: (yargs) => {
      for (const [name, positional] of Object.entries(positionals)) {
        yargs.positional(name, positional);
      }
      for (const [line, what] of examples) yargs.example(`$0 peer ${line}`, what);
      return yargs.options(flags);
    },
    handler: async (given) => {
      const all = withRest(given, Object.keys(positionals));
      const act = read(all as InferredOptionTypes<Positionals & Flags>);
      const socket = socketPath(given['socket'] as string | undefined);
      await asPeer(socket, act, { isVm: given['as-vm'] === true });
    },
  };
  return { module, positionals: Object.keys(positionals), flags: Object.keys(flags) };
}

// What stands after `--` is a positional, too: data may begin with a dash.
function withRest(given: ArgumentsCamelCase, names: readonly string[]): Record<string, unknown> {
  const [, , ...rest] = given._;
  const missing = names.filter((name) => given[name] === undefined);
  const surplus = rest.slice(missing.length);
  if (surplus.length > 0) throw new UsageError(`unknown argument: ${surplus.join(' ')}`);
  return { ...given, ...Object.fromEntries(missing.map((name, index) => [name, rest[index]])) };
}

async function asPeer(socket: string, act: Act, { isVm }: { isVm: boolean }): Promise<void> {
  try {
    await using peer = await (isVm ? Peer.connect({ socket }) : joinAsHost(socket));
    await act(peer, socket);
  } catch (error) {
    if (!(error instanceof ReadersEnd)) throw withRemedy(error);
  }
}

// The command line of `ivshmem`, in the hands of yargs.
import { readFileSync } from 'node:fs';
import yargs from 'yargs';
import { commands } from './commands.js';
import { UsageError } from './exit.js';

/** What `ivshmem` is. */
export const about = 'The host side of the inter-VM shared memory device of QEMU';

/** Runs what these words ask for. Rejects with UsageError when they make no sense, and as commands do. */
export async function parse(argv: readonly string[]): Promise<void> {
  const parser = yargs([...argv])
    .scriptName('ivshmem')
    .usage(`$0 COMMAND\n\n${about}.`)
    .command([...commands])
    .demandCommand(1, 'a command is missing')
    .strict()
    .version(version())
    .help()
    .alias({ h: 'help', V: 'version' })
    .parserConfiguration({
      'parse-numbers': false,
      'duplicate-arguments-array': false,
      // --no-socket and --socket.x would make of a text what is none.
      'boolean-negation': false,
      'dot-notation': false,
    })
    .locale('en')
    .exitProcess(false)
    .fail((message: string | null, error: Error | undefined) => {
      throw error ?? new UsageError(message ?? 'called wrongly');
    });
  try {
    await parser.wrap(Math.min(100, parser.terminalWidth() || 100)).parseAsync();
  } catch (error) {
    // yargs calls some of its own complaints errors.
    const isComplaint = error instanceof Error && error.name === 'YError';
    throw isComplaint ? new UsageError(error.message) : error;
  }
}

function version(): string {
  const manifest = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

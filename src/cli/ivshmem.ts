#!/usr/bin/env node
// The command `ivshmem`.
//
// Rule 1: a command that is called wrongly ends with 2, one line of what is wrong and where help is.
import { readFileSync } from 'node:fs';
import yargs from 'yargs';
import { commands, placeOf } from './commands.js';
import { complaintOf, flagOf } from './complaint.js';
import { EXIT_USAGE, exitCodeOf, UsageError } from './exit.js';
import { messageOf } from './failure.js';

const argv = process.argv.slice(2);
const parser = yargs(argv)
  .scriptName('ivshmem')
  .usage('$0 COMMAND\n\nThe host side of the inter-VM shared memory device of QEMU.')
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
} catch (thrown) {
  // yargs calls some of its own complaints errors.
  const isComplaint = thrown instanceof Error && thrown.name === 'YError';
  await report(isComplaint ? new UsageError(thrown.message) : thrown);
}

async function report(error: unknown): Promise<void> {
  process.exitCode = exitCodeOf(error);
  const place = await placeOf(argv);
  const message = messageOf(error, flagOf);
  const text = error instanceof UsageError ? complaintOf(message, argv, place) : message;
  console.error(`${place.name}: ${text}`);
  if (process.exitCode === EXIT_USAGE) console.error(`See: ${place.name} --help`);
}

function version(): string {
  const manifest = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

#!/usr/bin/env node
// The command `ivshmem`.
//
// Rule 1: a command that is called wrongly ends with 2, one line of what is wrong and where help is.
import { readFileSync } from 'node:fs';
import yargs from 'yargs';
import { EXIT_USAGE, exitCodeOf, UsageError } from './exit.js';
import { messageOf } from './failure.js';
import { serveCommand, serveOptions } from './serve.js';
import { nearestWord } from './suggestion.js';

const parser = yargs(process.argv.slice(2))
  .scriptName('ivshmem')
  .usage('$0 COMMAND\n\nThe host side of the inter-VM shared memory device of QEMU.')
  .command(serveCommand)
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
    // yargs calls some of its own complaints errors; those of a command come through as they are.
    if (error !== undefined && error.name !== 'YError') throw error;
    throw new UsageError(withSuggestion(message ?? error?.message ?? 'called wrongly'));
  });

try {
  await parser.wrap(Math.min(100, parser.terminalWidth() || 100)).parseAsync();
} catch (error) {
  process.exitCode = exitCodeOf(error);
  const command = process.argv[2] === 'serve' ? 'ivshmem serve' : 'ivshmem';
  console.error(`${command}: ${messageOf(error, flagOf)}`);
  if (process.exitCode === EXIT_USAGE) console.error(`See: ${command} --help`);
}

function flagOf(option: string): string {
  if (option === 'hugePageBytes') return '--hugepages';
  return `--${option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function withSuggestion(complaint: string): string {
  const message = complaint.replaceAll(/\s+/g, ' ');
  const [, what = '', words] = /^Unknown (argument|command)s?: (.+)/.exec(message) ?? [];
  if (words === undefined) return message;
  // yargs adds to each word the form that it would have in a program.
  const unknown = words
    .split(', ')
    .filter((word, _, all) => !all.some((a) => a !== word && camelCase(a) === word));
  const [word = ''] = unknown;
  const plain = `unknown ${what}${unknown.length > 1 ? 's' : ''}: ${unknown.join(', ')}`;
  const isCommand = process.argv.includes(word);
  const nearest = nearestWord(word, isCommand ? ['serve'] : Object.keys(serveOptions));
  if (nearest === undefined || nearest === word) return plain;
  return `${plain}; did you mean ${isCommand ? nearest : `--${nearest}`}?`;
}

function camelCase(word: string): string {
  return word.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

function version(): string {
  const manifest = new URL('../../../package.json', import.meta.url);
  return (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string }).version;
}

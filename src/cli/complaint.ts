// What yargs says of a command line that makes no sense, in our words.
import type { Place } from './commands.js';
import { nearestWord } from './suggestion.js';

/** The complaint, with what may have been meant. `argv` is what was typed. */
export function complaintOf(complaint: string, argv: readonly string[], place: Place): string {
  const message = complaint.replaceAll(/\s+/g, ' ');
  const got = /^Not enough non-option arguments: got (\d+), need at least \d+/.exec(message)?.[1];
  if (got !== undefined) return missing(Number(got), place);
  const [, what = '', words] = /^Unknown (argument|command)s?: (.+)/.exec(message) ?? [];
  return words === undefined ? message : unknown(what, words.split(', '), argv, place);
}

/** An option as it is typed. */
export function flagOf(option: string): string {
  if (option === 'hugePageBytes') return '--hugepages';
  if (option === option.toUpperCase()) return option; // a positional: PEER
  return `--${option.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
}

function missing(got: number, { positionals }: Place): string {
  const names = positionals.slice(got);
  if (names.length === 0) return 'a command is missing';
  return `${names[0] ?? ''} is missing`;
}

function unknown(
  what: string,
  given: readonly string[],
  argv: readonly string[],
  place: Place,
): string {
  // yargs adds to each word the form that it would have in a program.
  const words = given.filter(
    (word, _, all) => !all.some((a) => a !== word && camelCase(a) === word),
  );
  const [word = ''] = words;
  const plain = `unknown ${what}${words.length > 1 ? 's' : ''}: ${words.join(', ')}`;
  const isCommand = argv.includes(word);
  const nearest = nearestWord(word, isCommand ? place.commands : place.flags);
  if (nearest === undefined || nearest === word) return plain;
  return `${plain}; did you mean ${isCommand ? nearest : `--${nearest}`}?`;
}

function camelCase(word: string): string {
  return word.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

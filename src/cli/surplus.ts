// Words on a command line that are too many: yargs leaves that to us, to let a word that looks like an option be one.
import type { ArgumentsCamelCase } from 'yargs';
import { UsageError } from './exit.js';

/** Throws UsageError for words beyond those of the command itself: one, or two where it stands in a group. */
export function checkSurplus({ _: words }: Pick<ArgumentsCamelCase, '_'>, ofCommand = 1): void {
  const surplus = words.slice(ofCommand);
  if (surplus.length > 0) throw new UsageError(`unknown argument: ${surplus.join(' ')}`);
}

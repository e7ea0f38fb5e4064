// A call that leaves nothing to ask: known options, each once, each with a value that is one.
//
// yargs takes as long to load as Node and the server together, and most servers are started by a
// unit or a script that calls them right.
//
// Rule 1: what this file takes means what it means to yargs; whatever else there is, is yargs's business.
import type { Options } from 'yargs';

/** The arguments under their names in a program; undefined: yargs has to look. */
export function plainCall(
  words: readonly string[],
  options: Readonly<Record<string, Options>>,
): Record<string, string | boolean> | undefined {
  const given: Record<string, string | boolean> = {};
  const rest = words.values();
  for (const word of rest) {
    const name = /^--([a-z][a-z-]*)$/.exec(word)?.[1] ?? '';
    const option = Object.hasOwn(options, name) ? options[name] : undefined;
    if (option === undefined || Object.hasOwn(given, camelCase(name))) return undefined;
    const value = option.type === 'boolean' ? true : rest.next().value;
    if (value === undefined || !isPlain(value, option)) return undefined;
    given[camelCase(name)] = value;
  }
  return given;
}

// yargs takes what begins with a dash for an option, and what is quoted for its content.
function isPlain(value: string | boolean, { choices }: Options): boolean {
  if (typeof value === 'boolean') return true;
  return /^[^-'"]/.test(value) && (choices === undefined || choices.includes(value));
}

function camelCase(name: string): string {
  return name.replaceAll(/-(.)/g, (_, letter: string) => letter.toUpperCase());
}

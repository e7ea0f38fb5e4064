// What yargs is told of a command, written down.
//
// Rule 1: the builders that the program has are called, so nothing can be told here and not there.
// Rule 2: a method of yargs that is not here is an error: what it says might belong on the page.
import type { Argv, CommandModule, Options, PositionalOptions } from 'yargs';
import type { Command, Option, Positional } from './command.js';
import { valueNames } from './value-name.js';

/** Those of all commands: parser.ts has them. */
export const commonOptions: readonly Option[] = [
  { flags: ['-h', '--help'], value: undefined, choices: [], description: 'Show help' },
  {
    flags: ['-V', '--version'],
    value: undefined,
    choices: [],
    description: 'Show version number',
  },
];

/** The command and those under it; `parent` is what is typed before it. Rejects as its builder does. */
export async function readCommand(module: CommandModule, parent: string): Promise<Command> {
  const [word = '', ...places] = String(module.command).split(' ');
  const name = `${parent} ${word}`;
  const notes = new Notes(name, places);
  const { builder } = module;
  if (typeof builder === 'function') await builder(notes as unknown as Argv);
  return {
    name,
    summary: String(module.describe),
    description: notes.description,
    positionals: notes.positionals,
    options: [...notes.given, ...commonOptions],
    commands: await readCommands(notes.modules, name),
    dialogue: [],
    examples: notes.examples,
  };
}

/** Several of them. */
export function readCommands(
  modules: readonly CommandModule[],
  parent: string,
): Promise<Command[]> {
  return Promise.all(modules.map((module) => readCommand(module, parent)));
}

// Takes the place of yargs.
class Notes {
  readonly description: string[] = [];
  readonly positionals: Positional[] = [];
  readonly given: Option[] = [];
  readonly modules: CommandModule[] = [];
  readonly examples: [string, string][] = [];
  readonly #name: string;
  readonly #places: readonly string[];

  constructor(name: string, places: readonly string[]) {
    this.#name = name;
    this.#places = places;
  }

  usage(text: string): this {
    const [, ...paragraphs] = text.split('\n\n');
    this.description.unshift(...paragraphs);
    return this;
  }

  epilogue(text: string): this {
    this.description.push(text);
    return this;
  }

  example(command: string, description: string): this {
    this.examples.push([command.replaceAll('$0', 'ivshmem'), description]);
    return this;
  }

  positional(name: string, { description = '', ...more }: PositionalOptions): this {
    const isRequired = this.#places.includes(`<${name}>`);
    if (!isRequired && !this.#places.includes(`[${name}]`))
      throw new Error(`${this.#name}: ${name} has no place`);
    this.positionals.push({ name, description, isRequired, default: defaultOf(more) });
    return this;
  }

  options(table: Readonly<Record<string, Options>>): this {
    for (const [name, option] of Object.entries(table)) this.given.push(optionOf(name, option));
    return this;
  }

  option(name: string, option: Options): this {
    return this.options({ [name]: option });
  }

  command(module: CommandModule): this {
    this.modules.push(module);
    return this;
  }

  demandCommand(): this {
    return this;
  }
}

function optionOf(name: string, option: Options): Option {
  const { alias = [], choices = [], description = '', type } = option;
  const names = [alias, name].flat();
  const words = choices.map(String);
  const value = words.length > 0 ? words.join('|') : (valueNames[name] ?? 'VALUE');
  return {
    flags: names.map((word) => (word.length === 1 ? `-${word}` : `--${word}`)),
    value: type === 'boolean' ? undefined : value,
    choices: words,
    description,
    default: defaultOf(option),
  };
}

function defaultOf(option: {
  readonly defaultDescription?: string | undefined;
  readonly default?: unknown;
}) {
  const { defaultDescription, default: value } = option;
  return defaultDescription ?? (value === undefined ? undefined : JSON.stringify(value));
}

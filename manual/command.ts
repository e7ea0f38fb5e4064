// What a man page and a completion have to know of a command.

/** An option as it is typed. */
export interface Option {
  /** `-h`, `--help`. */
  readonly flags: readonly string[];
  /** The name of its value; undefined: it takes none. */
  readonly value: string | undefined;
  /** All values that it may have; none: they cannot be listed. */
  readonly choices: readonly string[];
  readonly description: string;
  readonly default?: string | undefined;
}

/** An argument that has a place and no flag. */
export interface Positional {
  readonly name: string;
  readonly description: string;
  readonly isRequired: boolean;
  readonly default?: string | undefined;
}

/** A command, with those under it. */
export interface Command {
  /** `ivshmem peer ring` */
  readonly name: string;
  /** What it does, in half a line. */
  readonly summary: string;
  /** The same at more length. */
  readonly description: readonly string[];
  readonly positionals: readonly Positional[];
  readonly options: readonly Option[];
  readonly commands: readonly Command[];
  /** What may be typed once it runs, one a line. */
  readonly dialogue: readonly (readonly [line: string, description: string])[];
  readonly examples: readonly (readonly [command: string, description: string])[];
}

/** The command and all under it, depth first. */
export function withDescendants(command: Command): Command[] {
  return [command, ...command.commands.flatMap(withDescendants)];
}

/** `ring`, of `ivshmem peer ring`. */
export function lastWord({ name }: Command): string {
  return name.slice(name.lastIndexOf(' ') + 1);
}

// A command with one-letter flags as a table, from which its parser, its help and its man page come.
//
// Rule 1: what help says of a flag is said in the table and nowhere else.

/** One flag. */
export interface Flag {
  /** What its value is called; without it the flag takes none. */
  readonly value?: string;
  readonly description: string;
}

/** All that help says. */
export interface FlagCommand<Letter extends string = string> {
  readonly name: string;
  /** One sentence without its stop. */
  readonly summary: string;
  readonly flags: Readonly<Record<Letter, Flag>>;
  readonly notes: readonly string[];
  readonly examples: readonly (readonly [command: string, description: string])[];
}

/** Which flags take a value, for `getopt`. */
export function valuesOf<Letter extends string>({
  flags,
}: FlagCommand<Letter>): Record<Letter, boolean> {
  const entries = Object.entries<Flag>(flags);
  return Object.fromEntries(
    entries.map(([letter, { value }]) => [letter, value !== undefined]),
  ) as Record<Letter, boolean>;
}

/** The text for -h. */
export function helpOf({ name, summary, flags, notes, examples }: FlagCommand): string {
  const rows = Object.entries(flags).map(
    ([letter, { value, description }]) =>
      [value === undefined ? `-${letter}` : `-${letter} ${value}`, description] as const,
  );
  return `${name} [OPTION]...

${summary}.

${columns(rows)}
${notes.map((note) => `\n${note}\n`).join('')}
Examples:
${columns(examples)}
`;
}

function columns(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length)) + 2;
  return rows.map(([left, right]) => `  ${left.padEnd(width)}${right}`).join('\n');
}

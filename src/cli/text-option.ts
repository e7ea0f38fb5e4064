// An option for yargs that takes a word.

/** An option or positional whose value is read by us. */
export function text<Default extends string>(description: string, defaultDescription?: Default) {
  return { type: 'string', nargs: 1, description, defaultDescription } as const;
}

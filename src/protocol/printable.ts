// Text of somebody else's on its way to a terminal or a log.
//
// Rule 1: what is not for printing is what could look like something else, or do something: controls,
//         formats, what breaks a line, halves of a pair.

const NOT_FOR_PRINTING = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u;

/** Whether all of it is for printing. */
export function isPrintable(text: string): boolean {
  return !NOT_FOR_PRINTING.test(text);
}

/** As it is where that is for printing, and quoted otherwise. */
export function printable(text: string): string {
  return isPrintable(text) ? text : quote(text);
}

/** A value of JSON with each text in it as `printable` has it. */
export function printableIn<Value>(value: Value): Value;
export function printableIn(value: unknown): unknown {
  if (typeof value === 'string') return printable(value);
  if (Array.isArray(value)) return value.map((each) => printableIn<unknown>(each));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, field]): [string, unknown] => [name, printableIn(field)]),
  );
}

/** On one line, in double quotes and whatever it is: what is not for printing as `\u{1b}`. */
export function quote(text: string): string {
  return `"${text.replaceAll(/["\\]|[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu, escape)}"`;
}

function escape(character: string): string {
  if (character === '"' || character === '\\') return `\\${character}`;
  return `\\u{${character.codePointAt(0)?.toString(16)}}`;
}

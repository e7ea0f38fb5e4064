// A configuration file that cannot be, with all that is wrong with it.
//
// Rule 1: whoever only handles the error loads neither YAML nor the schema: this file imports nothing.

const MAX_SHOWN = 20;

/** One thing that is wrong. Lines and columns begin with 1. */
export interface Finding {
  readonly line: number;
  readonly column: number;
  /** What is wrong where, and what is allowed: `regions.lab.vectors: 0 is not in 1–2048`. */
  readonly message: string;
}

/** A file that was read and makes no sense. The message has a line `FILE:LINE:COLUMN: …` for each finding, 20 at most. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  readonly code = 'ERR_IVSHMEM_CONFIG';
  readonly path: string;
  /** In the order of the file; no more than a few hundred. */
  readonly findings: readonly Finding[];

  constructor(path: string, findings: readonly Finding[]) {
    const inOrder = [...findings].sort((a, b) => a.line - b.line || a.column - b.column);
    super(linesOf(path, inOrder).join('\n'));
    this.path = path;
    this.findings = inOrder;
  }
}

function linesOf(path: string, findings: readonly Finding[]): string[] {
  const lines = findings
    .slice(0, MAX_SHOWN)
    .map(({ line, column, message }) => `${path}:${line}:${column}: ${message}`)
    .map(printable);
  const rest = findings.length - lines.length;
  return rest > 0 ? [...lines, `${printable(path)}: and ${rest} more`] : lines;
}

// What stands in a file must not steer the terminal, nor pretend to be another line.
function printable(text: string): string {
  return text.replaceAll(
    /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16) ?? ''}}`,
  );
}

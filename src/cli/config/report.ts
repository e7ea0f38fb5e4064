// What is wrong with the configuration in a file, as it comes to light.
//
// Rule 1: one finding for one place: whoever comes first knows best.
import { OptionsError } from '../../server/error.js';
import { ConfigError, type Finding } from './config-error.js';
import type { ConfigDocument, Path, Side } from './document.js';

/** So many are kept: each is looked for in the file, which may be of quite another kind. */
export const MAX_FINDINGS = 200;

/** What is wrong so far. */
export class Report {
  readonly #document: ConfigDocument;
  readonly #findings = new Map<string, Finding>();

  constructor(document: ConfigDocument) {
    this.#document = document;
  }

  /** Notes what is wrong there. */
  add(path: Path, message: string, side: Side = 'value'): void {
    const place = placeOf(path);
    if (this.#findings.has(place) || this.#findings.size >= MAX_FINDINGS) return;
    const position = this.#document.positionOf(path, side);
    this.#findings.set(place, { ...position, message: [...label(path), message].join(': ') });
  }

  /** What the act gives; undefined if the server does not take it, which is noted. */
  attempt<Result>(path: Path, act: () => Result): Result | undefined {
    try {
      return act();
    } catch (error) {
      if (!(error instanceof OptionsError)) throw error;
      this.add(path, error.message);
      return undefined;
    }
  }

  /** Whether something is wrong there. */
  has(path: Path): boolean {
    return this.#findings.has(placeOf(path));
  }

  /** Whether something is wrong there, or in what is there. */
  hasIn(path: Path): boolean {
    const inside = `${placeOf(path).slice(0, -1)},`;
    return this.has(path) || [...this.#findings.keys()].some((place) => place.startsWith(inside));
  }

  /** The line that a path leads to. */
  lineOf(path: Path): number {
    return this.#document.positionOf(path, 'key').line;
  }

  /** Throws ConfigError if anything is wrong. `file` is what people know the file by. */
  throwIfAny(file: string): void {
    const findings = [...this.#document.findings, ...this.#findings.values()];
    if (findings.length > 0) throw new ConfigError(file, findings);
  }
}

// An index is one, as a number and as a text.
function placeOf(path: Path): string {
  return JSON.stringify(path.map(String));
}

function label(path: Path): string[] {
  return path.length === 0 ? [] : [path.join('.')];
}

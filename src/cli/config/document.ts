// A configuration file as a document: what it says, and where it says it.
import { isAlias, isMap, isScalar, isSeq, LineCounter } from 'yaml';
import type { Document, Node } from 'yaml';
import type { Finding } from './config-error.js';
import { parseYaml } from './parse-yaml.js';

/** Keys and indexes, from the outside in. */
export type Path = readonly (string | number)[];

/** Which side of a pair is meant. */
export type Side = 'key' | 'value';

interface Place {
  readonly key?: Node | null | undefined;
  readonly value?: Node | null | undefined;
}

/** A text that was parsed. */
export class ConfigDocument {
  /** What is wrong with the YAML itself. */
  readonly findings: readonly Finding[];
  /** What it says, as JSON has it; undefined where the YAML does not let anybody know. */
  readonly value: unknown;
  readonly #document: Document.Parsed | undefined;
  readonly #text: string;
  readonly #lines = new LineCounter();

  constructor(text: string) {
    const { document, faults, value } = parseYaml(text, this.#lines);
    this.#text = text;
    this.#document = document;
    this.value = value;
    this.findings = faults.map(({ offset, message }) => ({ ...this.#position(offset), message }));
  }

  /** Where a path leads to, or as far as it leads. What is empty is where its key is. */
  positionOf(path: Path, side: Side): { line: number; column: number } {
    const { key, value } = this.#walk(path);
    const isEmpty = !value || (isScalar(value) && value.value === null);
    const node = side === 'key' || isEmpty ? (key ?? value) : value;
    return this.#position(node?.range?.[0] ?? 0);
  }

  /** What stands there, as it is written: 0660 is 0660. Undefined where no single value stands. */
  sourceOf(path: Path): string | undefined {
    const { value } = this.#walk(path);
    if (!isScalar(value) || !value.range) return undefined;
    return this.#text.slice(value.range[0], value.range[1]);
  }

  #walk(path: Path): Place {
    let place: Place = { value: this.#document?.contents };
    for (const step of path) {
      const next = this.#step(place, step);
      if (next === undefined) return { key: place.key ?? place.value };
      place = next;
    }
    return place;
  }

  #step({ value }: Place, step: string | number): Place | undefined {
    if (isSeq(value)) {
      const item = value.items[Number(step)] as Node | undefined;
      return item && { key: item, value: this.#resolved(item) };
    }
    if (!isMap(value)) return undefined;
    // Of a key that stands twice, the last is what the value has.
    const pair = value.items.findLast(({ key }) => isScalar(key) && key.value === step);
    return pair && { key: pair.key as Node, value: this.#resolved(pair.value as Node | null) };
  }

  #resolved(node: Node | null): Node | null | undefined {
    return isAlias(node) && this.#document ? node.resolve(this.#document) : node;
  }

  #position(offset: number): { line: number; column: number } {
    const { line, col } = this.#lines.linePos(offset);
    return { line: Math.max(line, 1), column: Math.max(col, 1) };
  }
}

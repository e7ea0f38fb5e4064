// Text as YAML, and what is wrong with it as such.
//
// Rule 1: YAML 1.2 and its core schema: no tags of one's own, no merge keys, every key a text. What the
//         file says of its own version changes nothing of that: 1.1 reads 0660 and yes otherwise.
// Rule 2: aliases are allowed as far as they unfold to something of a reasonable size.
import { isAlias, isNode, isScalar, Lexer, parseDocument, Parser, visit } from 'yaml';
import type { Document, LineCounter } from 'yaml';

/** What is wrong at an offset of the text. */
export interface Fault {
  readonly offset: number;
  readonly message: string;
}

/** A text that was parsed. */
export interface Yaml {
  readonly document?: Document.Parsed;
  readonly faults: readonly Fault[];
  /** What it says, as JSON has it; undefined where nobody can know. */
  readonly value: unknown;
}

const MAX_ALIASES = 10_000;
const MAX_DEPTH = 100;

/** Never throws for what stands in the text. Fills in the lines. */
export function parseYaml(text: string, lineCounter: LineCounter): Yaml {
  if (isDeep(text)) return hopeless('it is nested too deeply');
  try {
    return parse(text, lineCounter);
  } catch (error) {
    // The library counts what aliases unfold to.
    if (error instanceof ReferenceError) return hopeless('its aliases (*) unfold to too much');
    throw error;
  }
}

// What comes next calls itself for each level, and to run out of stack inside of a regular expression is
// the end of the process.
function isDeep(text: string): boolean {
  const parser = new Parser();
  for (const word of new Lexer().lex(text)) {
    Array.from(parser.next(word));
    if (parser.stack.length > MAX_DEPTH) return true;
  }
  return false;
}

function parse(text: string, lineCounter: LineCounter): Yaml {
  const document = parseDocument(text, {
    lineCounter,
    prettyErrors: false,
    resolveKnownTags: false,
    schema: 'core',
    stringKeys: true,
    // The library compares each key with each: two minutes for a megabyte of them.
    uniqueKeys: false,
  });
  const { errors, warnings } = document;
  const faults = [...errors, ...warnings].map(({ code, message, pos: [offset] }) => ({
    offset,
    message: messages[code] ?? `this is no YAML: ${message}`,
  }));
  const loose = looseAliases(document);
  // A key that stands twice, or a tag, leaves the rest as clear as it was.
  const isClear = loose.length + errors.length === 0;
  const value = isClear ? (document.toJS({ maxAliasCount: MAX_ALIASES }) as unknown) : undefined;
  return { document, faults: [...faults, ...loose, ...repeatedKeys(document)], value };
}

const messages: Readonly<Record<string, string>> = {
  MULTIPLE_DOCS: 'a second document begins here; allowed: one in a file',
  NON_STRING_KEY: 'this is no key; allowed: a plain text',
  TAB_AS_INDENT: 'a tab cannot indent; use spaces',
  TAG_RESOLVE_FAILED: 'tags (!) are not allowed; write the value as it is',
};

function looseAliases(document: Document.Parsed): Fault[] {
  const anchors = new Set<string>();
  const faults: Fault[] = [];
  visit(document, (_, node) => {
    if (isNode(node) && !isAlias(node) && node.anchor) anchors.add(node.anchor);
    if (!isAlias(node) || anchors.has(node.source)) return;
    const message = `there is no anchor &${node.source} before this`;
    faults.push({ offset: node.range?.[0] ?? 0, message });
  });
  return faults;
}

function repeatedKeys(document: Document.Parsed): Fault[] {
  const message = 'this key stands here for the second time; allowed: once';
  const faults: Fault[] = [];
  visit(document, {
    Map: (_, { items }) => {
      const seen = new Set<unknown>();
      for (const { key } of items) {
        if (!isScalar(key)) continue;
        if (seen.has(key.value)) faults.push({ offset: key.range?.[0] ?? 0, message });
        seen.add(key.value);
      }
    },
  });
  return faults;
}

function hopeless(message: string): Yaml {
  return { faults: [{ offset: 0, message }], value: undefined };
}

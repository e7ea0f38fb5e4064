// The published schema of the configuration, and what of a file is not as it says.
//
// Rule 1: the validator is known to this file and to `schema-message.ts` only.
// Rule 2: what the schema says of keys and types is final. What it says of values is for editors: the
//         server's own words come before it, if it has any.
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { ErrorObject } from 'ajv';
import type { ConfigDocument, Path, Side } from './document.js';
import { MAX_FINDINGS } from './report.js';
import { schemaMessage } from './schema-message.js';

/** What is not as the schema says. */
export interface SchemaFinding {
  readonly path: Path;
  readonly side: Side;
  readonly message: string;
  /** What stands there has the type that was asked for: it is the value that is not allowed. */
  readonly isTyped: boolean;
}

// Not an enum: a size of huge pages, which the server calls by its bytes.
const typed = ['maximum', 'maxLength', 'minimum', 'minLength', 'pattern'];
const url = new URL('../../../../schema/config.schema.json', import.meta.url);
// Read once: who has become another user since may not read it any more.
const schema = readFileSync(url, 'utf8');

/** What is not as the schema says, as far as a report keeps it. */
export function schemaFindings(document: ConfigDocument): SchemaFinding[] {
  // Compiled when it is needed: a reload does it again, and nobody keeps what is not needed for months.
  const ajv = new Ajv2020({ allErrors: true, allowUnionTypes: true, verbose: true });
  ajv.addVocabulary(['errorMessage']);
  const validate = ajv.compile(JSON.parse(schema) as object);
  if (validate(document.value)) return [];
  const errors = (validate.errors ?? []).filter(isTold).slice(0, MAX_FINDINGS);
  return errors.map((error) => {
    const { path, side } = placeOf(error);
    const message = schemaMessage(error, document.sourceOf(path));
    return { path, side, message, isTyped: typed.includes(error.keyword) };
  });
}

// The parts of an anyOf are told by the whole, and what a name is not by the part.
function isTold({ keyword, schemaPath }: ErrorObject): boolean {
  return !schemaPath.includes('/anyOf/') && keyword !== 'propertyNames';
}

function placeOf(error: ErrorObject): { path: Path; side: Side } {
  const path = error.instancePath
    .split('/')
    .slice(1)
    .map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'));
  const { additionalProperty, missingProperty } = error.params as Record<string, string>;
  const key = additionalProperty ?? missingProperty ?? error.propertyName;
  if (key !== undefined) return { path: [...path, key], side: 'key' };
  return { path, side: /^(anyOf|min(Items|Properties))$/.test(error.keyword) ? 'key' : 'value' };
}

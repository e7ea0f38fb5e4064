// What the validator found, in our words: what is wrong, and what is allowed.
import type { ErrorObject } from 'ajv';
import { nearestWord } from '../suggestion.js';

const MAX_SHOWN = 60;

/** One line. `source` is the value as it is written, where it is a single one. */
export function schemaMessage(error: ErrorObject, source: string | undefined): string {
  const { data, parentSchema: schema = {} } = error;
  const { additionalProperty, missingProperty } = error.params as Record<string, string>;
  const { minimum, maximum } = schema as { minimum?: number; maximum?: number };
  if (additionalProperty !== undefined) return unknownKey(additionalProperty, schema);
  if (missingProperty !== undefined) return 'this key is missing';
  // As the server says it.
  if (/^m(in|ax)imum$/.test(error.keyword))
    return `${source ?? ''} is not in ${minimum ?? ''}–${maximum ?? ''}`;
  return `${fault(error, source ?? kindOf(data))}; ${String(schema['errorMessage'])}`;
}

function unknownKey(key: string, schema: object): string {
  const { properties = {} } = schema as { properties?: object };
  const known = Object.keys(properties);
  const nearest = nearestWord(key, known);
  if (nearest !== undefined) return `unknown key; did you mean ${nearest}?`;
  return `unknown key; allowed: ${known.join(', ')}`;
}

function fault(error: ErrorObject, written: string): string {
  const { keyword, params } = error;
  const data: unknown = error.data;
  if (error.propertyName !== undefined) return 'this is no name';
  if (/^(anyOf|min(Items|Properties))$/.test(keyword)) return 'too little is given';
  if (data === null) return 'nothing is given';
  const isText =
    keyword === 'type' && [(params as { type: unknown }).type].flat().includes('string');
  if (isText && typeof data !== 'object') {
    return `YAML reads ${written} as a ${typeof data}; put it in quotes: "${written}"`;
  }
  const what = typeof data === 'string' ? `'${shortened(data)}'` : shortened(written);
  return `${what} is wrong here`;
}

function kindOf(data: unknown): string {
  if (Array.isArray(data)) return 'a list';
  return typeof data === 'object' ? 'a mapping' : 'this';
}

function shortened(text: string): string {
  return text.length > MAX_SHOWN ? `${text.slice(0, MAX_SHOWN)}…` : text;
}

// The pairs that there are.
//
// Rule 1: the directory is the list: a new file in it is a new pair.
import { readdirSync } from 'node:fs';
import { basename } from 'node:path';
import type { Pair } from './pair.js';

const directory = new URL('pairs/', import.meta.url);

/** Their names, sorted. */
export const pairNames: readonly string[] = readdirSync(directory)
  .filter((file) => file.endsWith('.js'))
  .map((file) => basename(file, '.js'))
  .sort();

/** One pair by its name. */
export async function loadPair(name: string): Promise<Pair> {
  const module = (await import(new URL(`${name}.js`, directory).href)) as { readonly pair: Pair };
  return module.pair;
}

// What of a configuration has the types that the schema asks for, so that the rest can be checked, too.
import type { RawConfig } from './raw-config.js';
import { MAX_FINDINGS } from './report.js';
import type { SchemaFinding } from './schema.js';

type Tree = Record<string | number, unknown>;

/**
 * The value after what is of a wrong type was taken out of it; undefined where nobody knows what is left. Lists
 * keep their places. No copy is made: aliases may have unfolded to something that is too deep for it.
 */
export function typedValue(
  value: unknown,
  findings: readonly SchemaFinding[],
): Partial<RawConfig> | undefined {
  const wrong = findings.filter(({ isTyped }) => !isTyped).map(({ path }) => path);
  // There may be more than we were told.
  if (findings.length >= MAX_FINDINGS) return undefined;
  if (wrong.some((path) => path.length === 0)) return undefined;
  for (const path of wrong) {
    const parent = path.slice(0, -1).reduce<Tree | undefined>(step, value as Tree);
    if (parent !== undefined) Reflect.deleteProperty(parent, path.at(-1) ?? '');
  }
  return value as Partial<RawConfig>;
}

function step(tree: Tree | undefined, key: string | number): Tree | undefined {
  return tree !== undefined && Object.hasOwn(tree, key) ? (tree[key] as Tree) : undefined;
}

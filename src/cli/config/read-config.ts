// A configuration file, from its path to the options of the regions in it.
//
// Rule 1: the file is judged whole, and nothing but the file is touched: no socket, no memory, no server.
// Rule 2: who may load this file is who has a configuration: YAML and schema cost a server without one
//         a tenth of a second.
import { dirname, resolve } from 'node:path';
import { checkPaths } from './path-claims.js';
import { checkRegion, type RegionOptions } from './check-region.js';
import { ConfigDocument } from './document.js';
import { readRegion } from './read-region.js';
import { readText } from './read-text.js';
import { Report } from './report.js';
import { schemaFindings, type SchemaFinding } from './schema.js';
import { typedValue } from './typed-value.js';

export type { RegionOptions };

/** What a configuration file says. */
export interface Config {
  /** The file, as it was given. */
  readonly path: string;
  /** Path of the control socket, absolute; undefined: there is none. */
  readonly control?: string | undefined;
  /** One at least; no name, path or memory belongs to two. Paths are absolute, defaults are filled in. */
  readonly regions: readonly RegionOptions[];
}

/**
 * Reads and checks a configuration file. Rejects with ConfigError, which has all that is wrong, and with a
 * system error or ServerError when the file cannot be read.
 */
export async function readConfig(path: string): Promise<Config> {
  const document = new ConfigDocument(await readText(path));
  const report = new Report(document);
  if (document.value === undefined) report.throwIfAny(path);
  const findings = schemaFindings(document);
  // Of a region's own values the server may know better.
  const isSecond = ({ isTyped, path: { length } }: SchemaFinding): boolean =>
    isTyped && length <= 3;
  for (const one of findings) if (!isSecond(one)) report.add(one.path, one.message, one.side);
  const { control: raw, regions = {} } = typedValue(document.value, findings) ?? {};
  const around = { directory: resolve(dirname(path)), report };
  const control = raw && resolve(around.directory, raw);
  const options = Object.entries(regions).map(([name, raw]) => readRegion(name, raw, around));
  // Who has a path already is said with the line, so before the server says that it is taken.
  checkPaths(options, report, control);
  const checked = options.map((region) => checkRegion(region, report));
  for (const one of findings) if (isSecond(one)) report.add(one.path, one.message, one.side);
  report.throwIfAny(path);
  return { path, control, regions: checked.filter((region) => region !== undefined) };
}

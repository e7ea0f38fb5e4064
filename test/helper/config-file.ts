// A configuration file of a test's own, and what the reader says of it.
import { writeFileSync } from 'node:fs';
import { ConfigError } from '../../src/cli/config/config-error.js';
import { readConfig, type Config } from '../../src/cli/config/read-config.js';
import { temp, type Scope } from './temp.js';

/** Writes it; the path. */
export function configFile(t: Scope, text: string | Uint8Array): string {
  const path = `${temp(t)}/config.yaml`;
  writeFileSync(path, text);
  return path;
}

/** What it says. */
export function configOf(t: Scope, text: string): Promise<Config> {
  return readConfig(configFile(t, text));
}

/** What is wrong with it, as `LINE:COLUMN: …`; nothing if it is right. */
export async function findingsOf(t: Scope, text: string | Uint8Array): Promise<string[]> {
  try {
    await readConfig(configFile(t, text));
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.findings.map(({ line, column, message }) => `${line}:${column}: ${message}`);
  }
}

#!/usr/bin/env node
// The command `ivshmem`.
//
// Rule 1: a command that is called wrongly ends with 2, one line of what is wrong and where help is.
// Rule 2: a server that is called right does not wait for yargs.
import { readFileSync } from 'node:fs';
import { EnvironmentError } from '../control/environment-error.js';
import { MissingPackageError } from '../control/missing-package-error.js';
import { complaintOf, flagOf } from './complaint.js';
import { placeOf } from './commands.js';
import { ConfigError } from './config/config-error.js';
import { EXIT_SYSTEM, EXIT_USAGE, exitCodeOf, UsageError } from './exit.js';
import { messageOf } from './failure.js';

const ENOUGH_TO_LOAD = 256;
const argv = process.argv.slice(2);

try {
  if (!(await servesAtOnce())) await (await import('./parser.js')).parse(argv);
} catch (error) {
  await report(error);
}

async function servesAtOnce(): Promise<boolean> {
  if (argv[0] !== 'serve') return false;
  const { serveAtOnce } = await import('./serve.js');
  return serveAtOnce(argv.slice(1));
}

async function report(error: unknown): Promise<void> {
  if (isUnloaded(error)) {
    process.exitCode = EXIT_SYSTEM;
    console.error('ivshmem: EMFILE: there are no descriptors left to start with; raise ulimit -n');
    return;
  }
  process.exitCode = exitCodeOf(error);
  // Lines of the file, which is not the command line's help to explain.
  if (error instanceof ConfigError) {
    console.error(error.message);
    return;
  }
  const place = await placeOf(argv);
  const message = messageOf(error, flagOf);
  const text = error instanceof UsageError ? complaintOf(message, argv, place) : message;
  console.error(`${place.name}: ${text}`);
  // Nor is it to explain what to install, and what the service manager says.
  const isElsewhere = error instanceof MissingPackageError || error instanceof EnvironmentError;
  if (process.exitCode === EXIT_USAGE && !isElsewhere) console.error(`See: ${place.name} --help`);
}

// A part of ourselves was not read for want of a descriptor, and who knows more cannot be, either. Node 20 looks
// for packages, too, and says of one that it cannot look at that there is none.
function isUnloaded(error: unknown): boolean {
  const { code, path = '.js' } = error as NodeJS.ErrnoException;
  if (code === 'ERR_MODULE_NOT_FOUND') return descriptorLimit() < ENOUGH_TO_LOAD;
  return code === 'EMFILE' && /\.(js|json)$/.test(path);
}

function descriptorLimit(): number {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  return Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? Infinity);
}

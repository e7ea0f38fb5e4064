// Where commands look for a server's control socket, when nobody says where.
//
// Rule 1: one that is there and is the only one is it. Of several nobody guesses.
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { OptionsError } from '../server/error.js';
import { defaultSocket } from './default-socket.js';
import { text } from './text-option.js';

/** Of servers that root's units have started: their RuntimeDirectory=. */
const UNIT_DIRECTORY = '/run/ivshmem';
const UNIT_PATH = `${UNIT_DIRECTORY}/control.sock`;

/** For yargs, of commands that ask. */
export const controlOption = text(
  "Path of the server's control socket",
  `${UNIT_PATH}, ivshmem-control.sock beside the default socket, or the only ${UNIT_DIRECTORY}/*.control.sock`,
);

/**
 * The path that was given, or the first default place where there is something, those of instances of the unit
 * last. Throws OptionsError: it is empty, or there are several instances and nothing else.
 */
export function controlPath(given: string | undefined): string {
  if (given === '') throw new OptionsError('control', 'an empty path is no socket');
  if (given !== undefined) return given;
  const own = ownControlPath();
  const places = process.getuid?.() === 0 ? [UNIT_PATH, own] : [own, UNIT_PATH];
  const instances = instancePaths();
  const found = places.find(existsSync) ?? instances[0] ?? places[0] ?? own;
  if (instances.length < 2 || found !== instances[0]) return found;
  throw new OptionsError(
    'control',
    `several servers are here: name one of ${instances.join(', ')}`,
  );
}

/** Beside the socket that a server has by default. */
export function ownControlPath(): string {
  const { dir, name } = path.parse(defaultSocket());
  return path.join(dir, `${name}-control.sock`);
}

// Of ivshmem@lab.service: lab.control.sock.
function instancePaths(): string[] {
  try {
    const names = readdirSync(UNIT_DIRECTORY).filter((name) => name.endsWith('.control.sock'));
    return names.sort().map((name) => path.join(UNIT_DIRECTORY, name));
  } catch {
    return []; // no unit has been started, or it is not for us
  }
}

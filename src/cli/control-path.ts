// Where commands look for a server's control socket, when nobody says where.
//
// Rule 1: one at which somebody serves hides those of servers that have ended. Of several that are equal nobody
//         guesses.
// Rule 2: nobody is connected to in order to find that out.
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { claimTo } from '../control/served.js';
import { isTrustedAt } from '../control/held-socket.js';
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

/** For the help of commands that ask. */
export const USAGE_CODE = '2: called wrongly, or there are several servers and none is named';

/**
 * The path that was given, or the first default place at which somebody serves, those of instances of the unit last;
 * where nobody does, the first at which somebody has. Throws OptionsError: it is empty, or several instances serve
 * and nobody else.
 */
export function controlPath(given: string | undefined): string {
  if (given === '') throw new OptionsError('control', 'an empty path is no socket');
  return given ?? servedControlPath() ?? leftControlPath() ?? defaultPlaces()[0];
}

/** The default place at which somebody serves, if there is one. Throws OptionsError: several instances, as above. */
export function servedControlPath(): string | undefined {
  const served = defaultPlaces().filter(isServed);
  // Where everybody may make files, a stranger's must not hide the unit's.
  const place = served.find(isTrustedAt) ?? served[0];
  if (place !== undefined) return place;
  const instances = instancePaths().filter(isServed);
  if (instances.length < 2) return instances[0];
  const list = instances.join(', ');
  throw new OptionsError('control', `several servers are here: name one of ${list}`);
}

/** The first default place where there is something, be it of a server that has ended. */
export function leftControlPath(): string | undefined {
  return [...defaultPlaces(), ...instancePaths()].find(existsSync);
}

/** Beside the socket that a server has by default. */
export function ownControlPath(): string {
  const { dir, name } = path.parse(defaultSocket());
  return path.join(dir, `${name}-control.sock`);
}

function defaultPlaces(): [string, string] {
  const own = ownControlPath();
  return process.getuid?.() === 0 ? [UNIT_PATH, own] : [own, UNIT_PATH];
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

/** Whether somebody serves at a path, as far as can be seen. */
export function isServed(place: string): boolean {
  const { target, lock, isLocked, isServed: mayBe } = claimTo(place);
  // Who listens is told by path, which may be another's in a container; the lock is of this one.
  return target !== undefined && (lock === undefined ? mayBe : isLocked !== false);
}

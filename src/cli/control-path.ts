// Where commands look for a server's control socket, when nobody says where.
import { existsSync } from 'node:fs';
import path from 'node:path';
import { OptionsError } from '../server/error.js';
import { defaultSocket } from './default-socket.js';
import { text } from './text-option.js';

/** Of a server that root's unit has started: its RuntimeDirectory=. */
const UNIT_PATH = '/run/ivshmem/control.sock';

/** For yargs, of commands that ask. */
export const controlOption = text(
  "Path of the server's control socket",
  `${UNIT_PATH}, or ivshmem-control.sock beside the default socket`,
);

/** The path that was given, or the first default place where there is something. Throws OptionsError. */
export function controlPath(given: string | undefined): string {
  if (given === '') throw new OptionsError('control', 'an empty path is no socket');
  if (given !== undefined) return given;
  const own = ownControlPath();
  if (process.getuid?.() !== 0) return existsSync(own) || !existsSync(UNIT_PATH) ? own : UNIT_PATH;
  return existsSync(UNIT_PATH) || !existsSync(own) ? UNIT_PATH : own;
}

/** Beside the socket that a server has by default. */
export function ownControlPath(): string {
  const { dir, name } = path.parse(defaultSocket());
  return path.join(dir, `${name}-control.sock`);
}

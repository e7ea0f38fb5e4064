// Where `ivshmem serve` has its regions from: options or a file, and sockets that were open before it.
import path from 'node:path';
import { InheritedSockets } from '../control/inherited-sockets.js';
import { OptionsError } from '../server/error.js';
import { assignSockets, type Assigned } from './assign-sockets.js';
import { integerIn } from './flags.js';
import { holdReloads } from './reload-on-signal.js';
import { checkBesideConfig, serverOptionsOf, type ServeArguments } from './serve-options.js';

const MAX_FD = 2 ** 31 - 1;

/** Takes over systemd's sockets, and that of --fd. Throws EnvironmentError, OptionsError. */
export function inheritedSockets({ fd, socket, config }: ServeArguments): InheritedSockets {
  if (fd === undefined || config !== undefined) return new InheritedSockets(process.env);
  const complain = (message: string): OptionsError => new OptionsError('fd', message);
  if (socket !== undefined)
    throw complain('the socket there is bound to its path already; leave out --socket');
  return new InheritedSockets(process.env, { rawFd: integerIn('fd', fd, 0, MAX_FD), complain });
}

/** What there is to serve. */
export interface AskedRegions extends Assigned {
  /** Path of the control socket, if a file says one. */
  readonly control?: string | undefined;
}

/** Reads them each time that it is called. Throws UsageError where options do not go together. */
export async function regionsReader(
  given: Parameters<typeof serverOptionsOf>[0],
  { sockets }: InheritedSockets,
): Promise<() => Promise<AskedRegions>> {
  if (given.config === undefined) {
    const { regions, warnings } = assignSockets([serverOptionsOf(given)], sockets);
    // Nobody asked for the default path.
    const isMeant = given.socket !== undefined;
    const told = warnings.filter(({ code }) => isMeant || code !== 'socket-moved');
    return () => Promise.resolve({ regions, warnings: told });
  }
  checkBesideConfig(given);
  holdReloads();
  const { readConfig } = await import('./config/read-config.js');
  // The process may change its directory.
  const file = path.resolve(given.config);
  return async () => {
    const { control, regions } = await readConfig(file);
    return { control, ...assignSockets(regions, sockets) };
  };
}

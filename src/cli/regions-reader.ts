// Where `ivshmem serve` has its regions from: options or a file, and sockets that were open before it.
import path from 'node:path';
import { InheritedSockets } from '../control/inherited-sockets.js';
import { OptionsError } from '../server/error.js';
import type { ServerOptions } from '../server/options.js';
import { assignSockets, warningsOfGone, type Assigned } from './assign-sockets.js';
import { integerIn } from './flags.js';
import { isSamePath } from './socket-places.js';
import { holdReloads } from './reload-on-signal.js';
import { checkBesideConfig, serverOptionsOf, type ServeArguments } from './serve-options.js';

const MAX_FD = 2 ** 31 - 1;
// What a file may be instead of one, until a person does something.
const NO_FILE = ['ENOENT', 'ENOTDIR', 'EACCES', 'ELOOP', 'ERR_IVSHMEM_NOT_A_FILE'];

/** Takes over systemd's sockets, and that of --fd. Throws EnvironmentError, OptionsError. */
export function inheritedSockets({ fd, socket, config }: ServeArguments): InheritedSockets {
  if (fd === undefined || config !== undefined) return new InheritedSockets(process.env);
  const complain = (message: string): OptionsError => new OptionsError('fd', message);
  if (socket !== undefined)
    throw complain('the socket there is bound to its path already; leave out --socket');
  return new InheritedSockets(process.env, { rawFd: integerIn('fd', fd, 0, MAX_FD), complain });
}

/**
 * Reads them each time that it is called. Throws UsageError where options do not go together, OptionsError where
 * there is no file.
 */
export async function regionsReader(
  given: Parameters<typeof serverOptionsOf>[0],
  { sockets }: InheritedSockets,
): Promise<() => Promise<Assigned>> {
  if (given.control === '') throw new OptionsError('control', 'an empty path is no socket');
  if (given.config === undefined) {
    const region = serverOptionsOf(given);
    checkControl(given.control, region);
    const assigned = assignSockets([region], sockets, given.control);
    // Nobody asked for these.
    const defaults = [
      given.socket === undefined ? region.socket : undefined,
      given.hostSocket === undefined ? region.hostSocket : undefined,
    ];
    const meant = assigned.warnings.filter(
      ({ asked }) => asked === undefined || !defaults.includes(asked),
    );
    return () => Promise.resolve({ ...assigned, warnings: [...meant, ...warningsOfGone(sockets)] });
  }
  checkBesideConfig(given);
  holdReloads();
  const { readConfig } = await import('./config/read-config.js');
  // The process may change its directory.
  const file = path.resolve(given.config);
  return async () => {
    const { control, regions } = await readConfig(file).catch(noFile);
    for (const region of regions) checkControl(given.control, region);
    const assigned = assignSockets(regions, sockets, given.control ?? control);
    return { ...assigned, warnings: [...assigned.warnings, ...warningsOfGone(sockets)] };
  };
}

function noFile(error: unknown): never {
  const { code = '', message } = error as NodeJS.ErrnoException;
  throw NO_FILE.includes(code) ? new OptionsError('config', message) : error;
}

function checkControl(control: string | undefined, region: ServerOptions): void {
  if (control === undefined) return;
  const { socket, hostSocket, vms = [] } = region;
  for (const taken of [socket, hostSocket, ...vms.map((vm) => vm.socket)]) {
    if (taken !== undefined && isSamePath(path.resolve(control), taken))
      throw new OptionsError(
        'control',
        'it is the socket of VMs or host commands; allowed: a path of its own',
      );
  }
}

// `ivshmem serve`: one region by options, or those of a configuration file.
import path from 'node:path';
import type { ArgumentsCamelCase, CommandModule } from 'yargs';
import type { ServerOptions } from '../server/options.js';
import type { Server } from '../server/server.js';
import { banner } from './banner.js';
import { BoundedOutput } from './bounded-output.js';
import { confinementTo } from './confine.js';
import { UsageError } from './exit.js';
import { OptionsError } from '../server/error.js';
import { logFailure } from './failure.js';
import { integer } from './flags.js';
import { defaultHostSocket } from './host-socket.js';
import { Log } from './log.js';
import { plainCall } from './plain-call.js';
import { checkReadyFd, reportReady } from './ready-fd.js';
import { holdReloads, type ReadRegions } from './reload-on-signal.js';
import { runServer } from './run-server.js';
import {
  checkBesideConfig,
  serveOptions,
  serverOptionsOf,
  type ServeArguments,
} from './serve-options.js';

export const serveCommand: CommandModule<object, ServeArguments> = {
  builder: (yargs) =>
    yargs
      .options(serveOptions)
      .example('$0 serve', 'Serve 4M with one vector on the default socket')
      .example('$0 serve --size 64M --vectors 4 --socket /run/lab.sock', 'Choose everything')
      .example('$0 serve --socket-mode 0660 --socket-group kvm', 'Let the group kvm join')
      .example('$0 serve --config /etc/ivshmem.yaml --user ivshmem', 'Several regions'),
  handler: serve,
};

/** Serves if these words leave nothing to ask; false: yargs has to look at them. */
export async function serveAtOnce(words: readonly string[]): Promise<boolean> {
  const given = plainCall(words, serveOptions);
  if (given === undefined) return false;
  await serve({ ...given, _: ['serve'], $0: 'ivshmem' } as ArgumentsCamelCase<ServeArguments>);
  return true;
}

async function serve(given: ArgumentsCamelCase<ServeArguments>): Promise<void> {
  const [, ...surplus] = given._;
  if (surplus.length > 0) throw new UsageError(`unknown argument: ${surplus.join(' ')}`);
  const { regions, reload, control = given.control } = await regionsOf(given);
  if (control === '') throw new OptionsError('control', 'an empty path is no socket');
  const readyFd =
    given.readyFd === undefined
      ? undefined
      : checkReadyFd(integer('readyFd', given.readyFd, 'the descriptors that the caller opened'));
  const confinement = given.user === undefined ? undefined : confinementTo(given.user);
  const log = new Log({ level: given.logLevel, format: given.logFormat });
  try {
    await runServer(regions, {
      log,
      pidFile: given.pidFile,
      confinement,
      reload,
      control,
      onReady: (servers) => {
        for (const server of servers) if (reload === undefined) warnOfNoHostSocket(server, log);
        new BoundedOutput(1).write(banner(servers));
        if (readyFd !== undefined) reportReady(readyFd);
      },
    });
  } catch (error) {
    process.exitCode = logFailure(error, log);
  }
  await log.flush();
}

interface Regions {
  readonly regions: readonly ServerOptions[];
  /** For those of a file. */
  readonly reload?: ReadRegions;
  /** As the file says, where no option says otherwise. */
  readonly control?: string | undefined;
}

async function regionsOf(given: ArgumentsCamelCase<ServeArguments>): Promise<Regions> {
  if (given.config === undefined) return { regions: [serverOptionsOf(given)] };
  checkBesideConfig(given);
  holdReloads();
  const { readConfig } = await import('./config/read-config.js');
  // The process may change its directory.
  const file = path.resolve(given.config);
  const { control, regions } = await readConfig(file);
  return {
    regions,
    control: given.control ?? control,
    reload: async () => {
      const now = await readConfig(file);
      const isOther = given.control === undefined && now.control !== control;
      const problem = `control stays ${control ?? 'none'}, and does not become ${now.control ?? 'none'}; restart the server`;
      return { regions: now.regions, problems: isOther ? [problem] : [] };
    },
  };
}

function warnOfNoHostSocket({ socket, hostSocket }: Server, log: Log): void {
  if (hostSocket !== undefined) return;
  log.warn(
    { event: 'warning', code: 'host-socket' },
    `no socket for host commands: ${defaultHostSocket(socket)} is longer than a socket's path may be; ` +
      'give a shorter one with --host-socket',
  );
}

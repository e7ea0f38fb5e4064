// `ivshmem serve`: one region by options, or those of a configuration file.
import type { ArgumentsCamelCase, CommandModule } from 'yargs';
import type { ServiceManager } from '../control/service-manager.js';
import { InheritedListener } from '../server/inherited-listener.js';
import type { Server } from '../server/server.js';
import type { SocketWarning } from './assign-sockets.js';
import { banner } from './banner.js';
import { BoundedOutput } from './bounded-output.js';
import { confinementTo } from './confine.js';
import { logFailure } from './failure.js';
import { integer } from './flags.js';
import { defaultHostSocket, fitsSocket } from './host-socket.js';
import { Log } from './log.js';
import { plainCall } from './plain-call.js';
import { checkReadyFd, reportReady } from './ready-fd.js';
import { inheritedSockets, regionsReader } from './regions-reader.js';
import type { ReadRegions } from './reload-on-signal.js';
import { runServer } from './run-server.js';
import { serveOptions, type ServeArguments } from './serve-options.js';
import { checkSurplus } from './surplus.js';

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
  checkSurplus(given);
  using sockets = inheritedSockets(given);
  const read = await regionsReader(given, sockets);
  const { regions, warnings, control } = await read();
  const readyFd = readyFdOf(given);
  const confinement = given.user === undefined ? undefined : confinementTo(given.user);
  const log = new Log({ level: given.logLevel, format: given.logFormat });
  using manager = await connectManager(log);
  const reload: ReadRegions = async () => {
    const now = await read();
    const isOther = now.control?.path !== control?.path;
    const problems = isOther ? [controlStays(control?.path, now.control?.path)] : [];
    const onApplied = (): void => {
      warn(now.warnings.filter(isTrue), log);
    };
    return { regions: now.regions, problems, onApplied };
  };
  try {
    await runServer(regions, {
      log,
      pidFile: given.pidFile,
      confinement,
      manager,
      control,
      reload: given.config === undefined ? undefined : reload,
      onReady: (servers) => {
        warn(warnings, log);
        for (const server of servers)
          if (given.config === undefined) warnOfNoHostSocket(server, log);
        new BoundedOutput(1).write(banner(servers));
        if (readyFd !== undefined) reportReady(readyFd);
      },
    });
  } catch (error) {
    process.exitCode = logFailure(error, log);
  }
  await log.flush();
}

function controlStays(is = 'none', asked = 'none'): string {
  return `control stays ${is}, and does not become ${asked}; restart the server`;
}

function readyFdOf({ readyFd }: ArgumentsCamelCase<ServeArguments>): number | undefined {
  if (readyFd === undefined) return undefined;
  return checkReadyFd(integer('readyFd', readyFd, 'the descriptors that the caller opened'));
}

// What was asked may not have come about: the region is still where it was.
function isTrue({ unused }: SocketWarning): boolean {
  return unused === undefined || !InheritedListener.serves(unused);
}

function warn(warnings: readonly SocketWarning[], log: Log): void {
  for (const { code, message } of warnings) log.warn({ event: 'warning', code }, message);
}

// Before the process becomes another user, who may not be able to.
async function connectManager(log: Log): Promise<ServiceManager | undefined> {
  const { NOTIFY_SOCKET, WATCHDOG_USEC } = process.env;
  if (NOTIFY_SOCKET === undefined && WATCHDOG_USEC === undefined) return undefined;
  const { ServiceManager } = await import('../control/service-manager.js');
  return ServiceManager.connect(process.env, (message) => {
    log.warn({ event: 'warning', code: 'service-manager' }, message);
  });
}

function warnOfNoHostSocket({ socket, hostSocket }: Server, log: Log): void {
  if (hostSocket !== undefined || fitsSocket(defaultHostSocket(socket))) return;
  log.warn(
    { event: 'warning', code: 'host-socket' },
    `no socket for host commands: ${defaultHostSocket(socket)} is longer than a socket's path may be; ` +
      'give a shorter one with --host-socket',
  );
}

// A server as a process: from its options until somebody asks it to stop.
//
// Rule 1: order: whether there can be a pid file, listen, pid file, another user, what people read, ready;
//         at the end the pid file goes last.
// Rule 2: the first SIGTERM or SIGINT is a request, a later one is an order. One that comes before the sockets are
//         there ends the start, and none of the rest is done.
import type { ServiceManager } from '../control/service-manager.js';
import type { ReloadOutcome } from '../control/source.js';
import { Daemon } from '../server/daemon.js';
import type { ServerOptions } from '../server/options.js';
import { rehearse } from '../server/rehearsal.js';
import type { Server } from '../server/server.js';
import type { Confinement } from './confine.js';
import type { Control } from './control.js';
import type { ControlPlace } from '../control/control-socket.js';
import { logEnd, logEvents } from './event-log.js';
import { EXIT_SYSTEM } from './exit.js';
import type { Log } from './log.js';
import { PidFile } from './pid-file.js';
import { reloadOnSignal, type ReadRegions } from './reload-on-signal.js';
import { keepHeapSmall } from './small-heap.js';

/** What surrounds the server. */
export interface RunOptions {
  readonly log: Log;
  readonly pidFile?: string | undefined;
  /** A user to become once the sockets and the pid file are there. */
  readonly confinement?: Confinement | undefined;
  /** Is told how it goes. */
  readonly manager?: ServiceManager | undefined;
  /** The regions as they are to be, read at each SIGHUP; without it SIGHUP ends a process without a manager. */
  readonly reload?: ReadRegions | undefined;
  /** A control socket; undefined: there is none, and nothing of it is loaded. */
  readonly control?: ControlPlace | undefined;
  /** Called once the sockets accept connections. */
  readonly onReady: (servers: readonly Server[]) => void;
}

// One Ctrl-C under npm comes as two signals at once: the terminal's and npm's.
const ORDER_AFTER_MS = 1_000;

/** Serves until a signal; resolves when all is put away. Rejects as `Daemon.listen` and PidFile do. */
export async function runServer(regions: readonly ServerOptions[], run: RunOptions): Promise<void> {
  const { log } = run;
  keepHeapSmall();
  if (run.pidFile !== undefined) PidFile.check(run.pidFile);
  let pidFile: PidFile | undefined;
  // From here on a signal no longer ends the process by itself: what is made is put away.
  const signals = new StopSignals();
  await using control = await openControl(run, signals);
  const daemon = await start(regions, signals, log);
  if (daemon === undefined) return;
  signals.onOrder(() => {
    process.exitCode = EXIT_SYSTEM;
    // What cannot be put away, who was asked first tells.
    daemon.close({ timeoutMs: 0 }).catch(() => undefined);
  });
  try {
    if (run.pidFile !== undefined) pidFile = PidFile.write(run.pidFile, log);
    // In the same turn of the event loop as the start: nobody has been let in yet.
    if (run.confinement) {
      log.load();
      run.confinement.enter([...daemon.servers, ...(control ? [control] : [])]);
    }
    const reload = watch(daemon, run);
    control?.serve({ daemon, reload }, run.confinement?.identity);
    run.onReady(daemon.servers);
    run.manager?.ready(daemon);
    await rehearseFor(daemon, signals);
    const signal = await signals.asked;
    run.manager?.stopping();
    log.info(
      { event: 'stop', signal },
      `${signal}: peers may read what they are owed, then it ends`,
    );
    await daemon.close();
    for (const server of daemon.servers) logEnd(log, server);
  } finally {
    try {
      await daemon.close();
    } finally {
      pidFile?.[Symbol.dispose]();
    }
  }
}

// Undefined: it was asked to stop before there was a socket.
async function start(
  regions: readonly ServerOptions[],
  { asked, request }: StopSignals,
  log: Log,
): Promise<Daemon | undefined> {
  try {
    return await Daemon.listen(regions, { signal: request });
  } catch (error) {
    if (error !== request.reason) throw error;
    const signal = await asked;
    log.info({ event: 'stop', signal }, `${signal}: it ends before it has served anybody`);
    return undefined;
  }
}

// All that happens from now on is told.
function watch(
  daemon: Daemon,
  { log, manager, reload }: RunOptions,
): (() => Promise<ReloadOutcome>) | undefined {
  for (const server of daemon.servers) logEvents(log, server);
  daemon.on('serve', (server) => {
    logEvents(log, server);
  });
  daemon.on('end', (server) => {
    logEnd(log, server);
  });
  if (reload === undefined && manager) ignoreReloads(manager, log);
  return reload && reloadOnSignal(daemon, reload, log, manager);
}

// A unit of Type=notify-reload is sent SIGHUP, and waited for, whether there is a file or not.
function ignoreReloads(manager: ServiceManager, log: Log): void {
  process.on('SIGHUP', () => {
    manager.reloading();
    log.warn(
      { event: 'warning', code: 'no-config' },
      'SIGHUP: there is nothing to read again, as there is no --config; nothing was changed',
    );
    manager.reloaded();
  });
}

// Loaded before there is a region: a VM is not to wait for it, nor another user to be kept from it.
async function openControl(
  { control: place, log }: RunOptions,
  { asked }: StopSignals,
): Promise<Control | undefined> {
  if (place === undefined) return undefined;
  const { Control } = await import('./control.js');
  const control = await Control.open(place, log);
  await Promise.race([control.load(), asked]);
  return control;
}

async function rehearseFor(daemon: Daemon, signals: StopSignals): Promise<void> {
  const { servers } = daemon;
  const vectors = Math.max(...servers.map((server) => server.vectors));
  const isIdle = (): boolean => servers.every(({ peers }) => peers.length === 0);
  await rehearse({ vectors, mayGoOn: () => isIdle() && !signals.request.aborted });
}

class StopSignals {
  /** Resolves with the first signal. */
  readonly asked: Promise<NodeJS.Signals>;
  /** Aborted with the first signal. */
  readonly request: AbortSignal;
  #askedMs: number | undefined;
  #onOrder: (() => void) | undefined;

  constructor() {
    const request = new AbortController();
    this.request = request.signal;
    this.asked = new Promise((resolve) => {
      const onSignal = (signal: NodeJS.Signals): void => {
        this.#askedMs ??= performance.now();
        if (performance.now() - this.#askedMs > ORDER_AFTER_MS) this.#onOrder?.();
        resolve(signal);
        request.abort();
      };
      process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
    });
  }

  /** What to do when somebody does not want to wait. */
  onOrder(act: () => void): void {
    this.#onOrder = act;
  }
}

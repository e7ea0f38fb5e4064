// A server as a process: from its options until somebody asks it to stop.
//
// Rule 1: order: whether there can be a pid file, listen, pid file, what people read, ready; at the end
//         the pid file goes last.
// Rule 2: the first SIGTERM or SIGINT is a request, a later one is an order.
import { rehearse } from '../server/rehearsal.js';
import { Server } from '../server/server.js';
import type { ServerOptions } from '../server/options.js';
import { logEvents } from './event-log.js';
import { EXIT_SYSTEM } from './exit.js';
import type { Log } from './log.js';
import { PidFile } from './pid-file.js';
import { keepHeapSmall } from './small-heap.js';

/** What surrounds the server. */
export interface RunOptions {
  readonly log: Log;
  readonly pidFile?: string | undefined;
  /** Called once the socket accepts connections. */
  readonly onReady: (server: Server) => void;
}

// One Ctrl-C under npm comes as two signals at once: the terminal's and npm's.
const ORDER_AFTER_MS = 1_000;

/** Serves until a signal; resolves when all is put away. Rejects as `Server.listen` and PidFile do. */
export async function runServer(options: ServerOptions, run: RunOptions): Promise<void> {
  const { log } = run;
  keepHeapSmall();
  if (run.pidFile !== undefined) PidFile.check(run.pidFile);
  let pidFile: PidFile | undefined;
  // From here on a signal no longer ends the process by itself: what is made is put away.
  const signals = new StopSignals();
  const server = await Server.listen(options);
  signals.onOrder(() => {
    process.exitCode = EXIT_SYSTEM;
    void server.close({ timeoutMs: 0 });
  });
  try {
    if (run.pidFile !== undefined) pidFile = PidFile.write(run.pidFile, log);
    logEvents(log, server);
    run.onReady(server);
    const { vectors } = server;
    await rehearse({ vectors, mayGoOn: () => server.peers.length === 0 && !signals.isAsked });
    const signal = await signals.asked;
    log.info(
      { event: 'stop', signal },
      `${signal}: peers may read what they are owed, then it ends`,
    );
    await server.close();
    logEnd(log, server, options.unlinkMemory ?? false);
  } finally {
    try {
      await server.close();
    } finally {
      pidFile?.[Symbol.dispose]();
    }
  }
}

class StopSignals {
  /** Resolves with the first signal. */
  readonly asked: Promise<NodeJS.Signals>;
  #askedMs: number | undefined;
  #onOrder: (() => void) | undefined;

  constructor() {
    this.asked = new Promise((resolve) => {
      const onSignal = (signal: NodeJS.Signals): void => {
        this.#askedMs ??= performance.now();
        if (performance.now() - this.#askedMs > ORDER_AFTER_MS) this.#onOrder?.();
        resolve(signal);
      };
      process.on('SIGTERM', onSignal).on('SIGINT', onSignal);
    });
  }

  get isAsked(): boolean {
    return this.#askedMs !== undefined;
  }

  /** What to do when somebody does not want to wait. */
  onOrder(act: () => void): void {
    this.#onOrder = act;
  }
}

function logEnd(log: Log, { memory, socket }: Server, isUnlinked: boolean): void {
  const isNamed = memory.kind === 'shm' || memory.kind === 'file';
  const stays =
    isNamed && !isUnlinked ? `; ${memory.path} stays: remove it when no VM needs it` : '';
  log.info({ event: 'end', socket }, `ended; attached VMs keep memory and doorbells${stays}`);
}

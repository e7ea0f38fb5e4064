// What a service manager is told of a server: systemd, or whoever else sets NOTIFY_SOCKET.
// https://man7.org/linux/man-pages/man3/sd_notify.3.html
//
// Rule 1: one that watches us is told so by the event loop alone: a loop that is stuck is silent.
// Rule 2: the variables are taken out of the environment: no program that we start is to speak for us.
import type { Daemon } from '../server/daemon.js';
import { EnvironmentError } from './environment-error.js';
import { NotifySocket, type Warn } from './notify-socket.js';
import { StatusLine } from './status-line.js';
import { takeWatchdogInterval } from './watchdog-interval.js';

/** The service manager that started us. */
export class ServiceManager implements Disposable {
  readonly #socket: NotifySocket;
  readonly #watchdogMs: number | undefined;
  #status: StatusLine | undefined;
  #watchdog: NodeJS.Timeout | undefined;
  #isStopping = false;

  private constructor(socket: NotifySocket, watchdogMs: number | undefined) {
    this.#socket = socket;
    this.#watchdogMs = watchdogMs;
  }

  /** Undefined where nobody wants to be told. Throws MissingPackageError. */
  static connect(env: NodeJS.ProcessEnv, warn: Warn): ServiceManager | undefined {
    const { NOTIFY_SOCKET: address } = env;
    Reflect.deleteProperty(env, 'NOTIFY_SOCKET');
    const watchdogMs = watchdogInterval(env, warn);
    if (address === undefined) return undefined;
    return new ServiceManager(new NotifySocket(address, warn), watchdogMs);
  }

  /** The server serves; from now on its status is told, and that its event loop turns. */
  ready(daemon: Daemon): void {
    this.#status = new StatusLine(daemon, (status) => this.#socket.send(`STATUS=${status}`));
    this.#socket.send(`READY=1\nSTATUS=${this.#status.text}`);
    if (this.#watchdogMs === undefined) return;
    this.#watchdog = setInterval(() => {
      this.#socket.send('WATCHDOG=1');
    }, this.#watchdogMs).unref();
  }

  /** It reads its configuration again. */
  reloading(): void {
    if (this.#isStopping) return;
    // CLOCK_MONOTONIC is Node's clock: https://nodejs.org/api/process.html#processhrtimebigint
    const microseconds = process.hrtime.bigint() / 1_000n;
    this.#socket.send(`RELOADING=1\nMONOTONIC_USEC=${microseconds}`);
  }

  /** It has read it, whatever came of that. */
  reloaded(): void {
    if (!this.#isStopping) this.#socket.send('READY=1');
  }

  /** It is about to end: peers may read what they are owed. */
  stopping(): void {
    this.#isStopping = true;
    this.#status?.[Symbol.dispose]();
    this.#socket.send('STOPPING=1\nSTATUS=stopping: peers may read what they are owed');
  }

  /** Says no more, and lets the process end; again does nothing. */
  close(): void {
    clearInterval(this.#watchdog);
    this.#status?.[Symbol.dispose]();
    this.#socket.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }
}

function watchdogInterval(env: NodeJS.ProcessEnv, warn: Warn): number | undefined {
  try {
    return takeWatchdogInterval(env);
  } catch (error) {
    if (!(error instanceof EnvironmentError)) throw error;
    warn(error.message);
    return undefined;
  }
}

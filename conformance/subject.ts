// A server under test, with a socket, a pid file and a name of a memory that are one check's alone.
//
// Rule 1: whatever was started, made or opened is gone when `close` resolves.
// Rule 2: a server runs in the foreground (-F), where its end is seen, unless the check is about daemons.
import { isListening } from '../test/helper/look.js';
import { must } from './check.js';
import { Patience } from './patience.js';
import { Place } from './place.js';
import { Death, describeEnd, ServerProcess, type StartOptions } from './server-process.js';
import { killMarked, marked } from './stray.js';

export interface SubjectOptions {
  /** What to start, before the flags. */
  readonly argv: readonly string[];
  /** Default: ours. */
  readonly env?: NodeJS.ProcessEnv;
  /** How long what should happen at once may take. */
  readonly waitMs: number;
  /** Ends the check. */
  readonly signal?: AbortSignal | undefined;
}

export class Subject extends Place {
  /** Where a check waits. */
  readonly patience: Patience;
  readonly #options: SubjectOptions;
  readonly #servers: ServerProcess[] = [];

  constructor(options: SubjectOptions) {
    super();
    this.#options = options;
    this.patience = new Patience({ waitMs: options.waitMs, look: () => this.look() });
  }

  /** Is in the environment of every process that was started for this subject, daemons too. */
  get mark(): string {
    return this.shmName;
  }

  /** Waits; throws Hang, or Death as soon as a server died. */
  until<T>(what: string, ask: () => T | Promise<T>): Promise<Exclude<T, undefined | false>> {
    return this.patience.until(what, ask);
  }

  /** Starts the command with its names and these flags; nothing is waited for. */
  spawn(flags: readonly string[], options?: StartOptions): ServerProcess {
    const names = ['-S', this.socket, '-p', this.pidFile, '-M', this.shmName];
    const argv = [...this.#options.argv, ...names, ...flags];
    const env = marked(this.#options.env ?? process.env, this.mark);
    const server = new ServerProcess(this, argv, env, options);
    this.#servers.push(server);
    return server;
  }

  /** Starts it in the foreground; resolves when it accepts connections. Throws when it refuses to. */
  async start(flags: readonly string[] = [], options?: StartOptions): Promise<ServerProcess> {
    const started = await this.startOrRefuse(flags, options);
    if (typeof started !== 'string') return started;
    throw new Error(`does not start: ${started}`);
  }

  /** The same where it may refuse: gives its reason then. */
  async startOrRefuse(
    flags: readonly string[],
    options?: StartOptions,
  ): Promise<ServerProcess | string> {
    const server = this.spawn(['-F', ...flags], options);
    server.mayEnd();
    await this.patience.untilStarted('it accepts connections', () => {
      return server.end !== undefined || isListening(this.socket);
    });
    if (server.end) return this.reasonOf(server, flags);
    server.mustLive();
    return server;
  }

  /** Why a server that has ended did not serve. Throws when it does not say why, or ended with 0. */
  async reasonOf(server: ServerProcess, flags: readonly string[]): Promise<string> {
    const { code = null } = server.end ?? {};
    if (code === null) throw new Death(describeEnd(server));
    await this.until('its standard error ends', () => server.hasSaidAll);
    const line = server.stderr.split('\n').find((text) => text.trim() !== '');
    const call = `does not serve${flags.length === 0 ? '' : ` with ${flags.join(' ')}`}`;
    must(code !== 0, `${call}, and ends with 0`);
    must(line !== undefined, `${call}, and does not say why`);
    return line;
  }

  /** Runs the command to its end, which has to come. */
  async run(flags: readonly string[]): Promise<ServerProcess> {
    const server = this.spawn(flags);
    server.mayEnd();
    const what = `it ends when started with ${flags.join(' ')}`;
    await this.patience.untilStarted(what, () => server.end);
    return server;
  }

  /** Sends a signal and waits for the end, which is no death then. */
  async stop(server: ServerProcess, signal: NodeJS.Signals): Promise<void> {
    server.mayEnd();
    server.kill(signal);
    await this.until(`it ends on ${signal}`, () => server.end);
  }

  /** Throws Death if a server died, and when the check is to end. */
  look(): void {
    this.#options.signal?.throwIfAborted();
    for (const server of this.#servers) server.look();
  }

  /** Resolves when every server that is about to end has ended: closed sockets are seen before. */
  async settle(): Promise<void> {
    for (const server of this.#servers) {
      while (server.isEnding && !server.end) await this.#turn();
    }
  }

  /** Ends and removes everything. */
  override async close(): Promise<void> {
    while (killMarked(this.mark)) await this.#turn();
    await super.close();
  }

  #turn(): Promise<void> {
    return new Promise((resolve) => setTimeout(resolve, 5));
  }
}

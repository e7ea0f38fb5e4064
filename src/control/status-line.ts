// What a service manager shows of a server: how many regions and peers, as they come and go.
//
// Rule 1: the first change is told at once, the next ones once a second at most.
import type { Daemon } from '../server/daemon.js';
import type { Server } from '../server/server.js';

const PAUSE_MS = 1_000;

/** Tells how it stands with the regions of a daemon. */
export class StatusLine implements Disposable {
  readonly #daemon: Daemon;
  readonly #tell: (status: string) => void;
  #pause: NodeJS.Timeout | undefined;
  #isStale = false;
  #isOver = false;
  #told = '';

  /** `tell` gets each new line from the next change on. */
  constructor(daemon: Daemon, tell: (status: string) => void) {
    this.#daemon = daemon;
    this.#tell = tell;
    this.#told = this.text;
    for (const server of daemon.servers) this.#watch(server);
    daemon.on('serve', (server) => {
      this.#watch(server);
      this.#note();
    });
    daemon.on('end', this.#note);
  }

  /** The line as it is now. */
  get text(): string {
    const { servers } = this.#daemon;
    const peers = servers.reduce((sum, server) => sum + server.peers.length, 0);
    return `${counted(servers.length, 'region')}, ${counted(peers, 'peer')}`;
  }

  /** Tells no more; again does nothing. */
  [Symbol.dispose](): void {
    clearTimeout(this.#pause);
    this.#pause = undefined;
    this.#isOver = true;
  }

  #watch(server: Server): void {
    server.on('join', this.#note).on('leave', this.#note);
  }

  readonly #note = (): void => {
    this.#isStale = true;
    if (this.#pause === undefined && !this.#isOver) this.#update();
  };

  #update(): void {
    this.#pause = undefined;
    if (!this.#isStale) return;
    this.#isStale = false;
    const { text } = this;
    if (text !== this.#told) this.#tell(text);
    this.#told = text;
    this.#pause = setTimeout(() => {
      this.#update();
    }, PAUSE_MS).unref();
  }
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? '' : 's'}`;
}

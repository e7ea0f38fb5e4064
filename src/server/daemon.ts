// Several regions in one process, and how they become others while peers are attached.
//
// Rule 1: regions have nothing to do with each other: what becomes of one, the others do not notice.
// Rule 2: what cannot change is said and stays as it was; all the rest of what was asked is done.
// Rule 3: one change at a time: who asks during one gets the next.
import { EventEmitter } from 'node:events';
import { setImmediate as turn } from 'node:timers/promises';
import { Failures } from './failures.js';
import type { Unchanged } from './change.js';
import type { ServerOptions } from './options.js';
import type { CloseOptions } from './ending.js';
import { Server, type PreparedServer } from './server.js';

/** What `apply` made of what was asked, by the names of regions. */
export interface Applied {
  readonly added: readonly string[];
  readonly removed: readonly string[];
  /** Those that are there and were asked for again, be there a difference or not. */
  readonly kept: readonly string[];
  readonly refused: readonly RefusedChange[];
}

/** What was asked of a region and was not done. */
export interface RefusedChange {
  readonly region: string;
  /** Options that cannot change while the region is there, and VMs that have a name for which something was not done. */
  readonly unchanged?: readonly Unchanged[];
  /** Why it could not be started, or not all of it be changed. */
  readonly error?: Error | undefined;
}

/** What a daemon tells of regions that come and go by `apply`. */
export interface DaemonEvents {
  serve: [server: Server];
  end: [server: Server];
}

/** The regions of one process. */
export class Daemon extends EventEmitter<DaemonEvents> implements AsyncDisposable {
  readonly #servers = new Map<string, Server>();
  // Those that are no more asked for, until they have ended.
  readonly #ending = new Set<Server>();
  #last: Promise<unknown> = Promise.resolve();
  readonly #stop = new AbortController();

  /**
   * Serves all of these, or rejects as `Server.listen` does and serves none. Nobody is let in before the turn
   * of the event loop in which it resolves. The signal ends it before there is a socket: it rejects with its reason.
   */
  static async listen(
    regions: readonly ServerOptions[],
    { signal }: { readonly signal?: AbortSignal } = {},
  ): Promise<Daemon> {
    const daemon = new Daemon();
    const prepared = new Map<ServerOptions, PreparedServer>();
    try {
      for (const region of regions)
        prepared.set(region, await Server.prepare(signal ? { ...region, signal } : region));
      // What came during the last step of an allocation is heard first.
      await turn();
      signal?.throwIfAborted();
      for (const [region, server] of prepared) {
        prepared.delete(region);
        daemon.#add(region, server.open());
      }
      return daemon;
    } catch (error) {
      for (const server of prepared.values()) server.undo();
      await daemon.close({ timeoutMs: 0 });
      throw error;
    }
  }

  /** The regions that are served. */
  get servers(): readonly Server[] {
    return [...this.#servers.values()];
  }

  /** Makes the regions those that are asked for, as far as can be; never rejects for what cannot. */
  apply(regions: readonly ServerOptions[]): Promise<Applied> {
    const applied = this.#last.then(() => this.#apply(regions));
    this.#last = applied.catch(() => undefined);
    return applied;
  }

  /** Ends all regions, as `Server.close` ends one; rejects with the first failure when all is done. */
  async close(options: CloseOptions = {}): Promise<void> {
    this.#stop.abort(new Error('the server is being stopped'));
    const ends = [...this.servers, ...this.#ending].map((server) => server.close(options));
    const failures = new Failures();
    for (const end of await Promise.allSettled(ends)) {
      failures.attempt(() => {
        if (end.status === 'rejected') throw end.reason;
      });
    }
    // A region that was being added when this began is put away by who added it.
    await this.#last;
    failures.throwFirst();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #apply(regions: readonly ServerOptions[]): Promise<Applied> {
    const refused: RefusedChange[] = [];
    const asked = new Set(regions.map(nameOf));
    const removed = [...this.#servers.keys()].filter((name) => !asked.has(name));
    const ends = removed.map((name) => this.#end(name, refused));
    const kept = regions.filter((region) => this.#servers.has(nameOf(region)));
    for (const region of kept) this.#change(region, refused);
    // Others may get what they had. A stopped VM may hold that up, and nothing else.
    await Promise.all(ends);
    const added: string[] = [];
    for (const region of regions) {
      if (this.#servers.has(nameOf(region))) continue;
      try {
        await this.#start(region);
        added.push(nameOf(region));
      } catch (error) {
        refused.push({ region: nameOf(region), error: error as Error });
      }
    }
    return { added, removed, kept: kept.map(nameOf), refused };
  }

  // All may be asked to end meanwhile.
  async #start(region: ServerOptions): Promise<void> {
    const { signal } = this.#stop;
    signal.throwIfAborted();
    const { open, undo } = await Server.prepare({ ...region, signal });
    if (signal.aborted) undo();
    signal.throwIfAborted();
    this.#add(region, open());
  }

  #add(region: ServerOptions, server: Server): void {
    this.#servers.set(nameOf(region), server);
    this.emit('serve', server);
  }

  #change(region: ServerOptions, refused: RefusedChange[]): void {
    try {
      const { unchanged = [], error } = this.#servers.get(nameOf(region))?.change(region) ?? {};
      if (unchanged.length > 0 || error) refused.push({ region: nameOf(region), unchanged, error });
    } catch (error) {
      refused.push({ region: nameOf(region), error: error as Error });
    }
  }

  async #end(name: string, refused: RefusedChange[]): Promise<void> {
    const server = this.#servers.get(name);
    if (server === undefined) return;
    this.#servers.delete(name);
    this.#ending.add(server);
    try {
      await server.close();
    } catch (error) {
      refused.push({ region: name, error: error as Error });
    }
    this.#ending.delete(server);
    this.emit('end', server);
  }
}

// The only region of a daemon need not have a name.
function nameOf({ name = '' }: ServerOptions): string {
  return name;
}

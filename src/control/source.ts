// The server's side of the control socket: answers what its front asks.
//
// Rule 1: the server's own work comes first: a look at thousands of peers is many short ones, and in between
//         the event loop gets to everything else.
import { basename, resolve } from 'node:path';
import { descriptorCount, ownDescriptorLimit } from '../../native/descriptor-limit.js';
import type { Daemon } from '../server/daemon.js';
import type { Server } from '../server/server.js';
import { ControlError } from './control-error.js';
import type { EventFeed } from './event-feed.js';
import type { Inquiry } from './inquiry.js';
import { LoopLag } from './loop-lag.js';
import type {
  Ask,
  Look,
  PeerLook,
  ProcessNumbers,
  RegionCounts,
  RegionLook,
  RegionPart,
} from './question.js';
import type { VmStatus } from './status.js';

const SLICE_MS = 2;
const MOST_WAITING = 2 ** 53;

/** What came of reading the configuration again. */
export interface ReloadOutcome {
  /** Whether it could be read: nothing was changed otherwise. */
  readonly isApplied: boolean;
  /** For people: what was done, and a line for each thing that was not. */
  readonly summary: string;
  readonly problems: readonly string[];
}

/** What there is to tell of, and to act on. */
export interface SourceOptions {
  readonly daemon: Daemon;
  readonly feed: EventFeed;
  /** Reads the configuration again and says what came of it; undefined: there is none. */
  readonly reload?: (() => Promise<ReloadOutcome>) | undefined;
  readonly logLinesDropped: () => number;
}

/** Answers questions; to be closed. */
export class ControlSource implements Disposable {
  readonly #options: SourceOptions;
  readonly #startedAt = new Date(Date.now() - process.uptime() * 1_000).toISOString();
  readonly #lag = new LoopLag();

  constructor(options: SourceOptions) {
    this.#options = options;
  }

  /** Rejects with ControlError, ServerError, SystemError. */
  async answer(ask: Ask, inquiry: Inquiry): Promise<unknown> {
    const { feed } = this.#options;
    switch (ask.kind) {
      case 'look':
        return this.#look(inquiry.tell);
      case 'events':
        return ask.wait ? feed.after(ask.from) : feed.since(ask.from);
      case 'evict':
        return this.#server(ask.region).evict(ask.peer, {
          askedAtMs: inquiry.askedAtMs,
          check: () => {
            inquiry.check();
          },
        });
      case 'reload':
        return this.#reload();
    }
  }

  [Symbol.dispose](): void {
    this.#lag[Symbol.dispose]();
  }

  async #reload(): Promise<Omit<ReloadOutcome, 'isApplied'>> {
    const { reload } = this.#options;
    if (!reload) {
      throw new ControlError(
        'ERR_IVSHMEM_NO_CONFIG',
        'this server has no configuration file: it was started without --config',
      );
    }
    const { isApplied, summary, problems } = await reload();
    if (isApplied) return { summary, problems };
    throw new ControlError('ERR_IVSHMEM_CONFIG', [summary, ...problems].join('\n'));
  }

  async #look(tell: (part: RegionPart) => void): Promise<Look> {
    const { servers } = this.#options.daemon;
    for (const [region, server] of servers.entries()) await lookAtPeers(server, region, tell);
    return {
      server: {
        pid: process.pid,
        startedAt: this.#startedAt,
        descriptors: { used: descriptorCount('self') ?? 0, limit: ownDescriptorLimit() },
      },
      regions: servers.map(lookAtRegion),
      process: this.#numbers(),
    };
  }

  #numbers(): ProcessNumbers {
    return {
      residentBytes: process.memoryUsage.rss(),
      logLinesDropped: this.#options.logLinesDropped(),
      lagSeconds: this.#lag.seconds,
    };
  }

  #server(region: string): Server {
    const server = this.#options.daemon.servers.find((one) => regionName(one) === region);
    if (server) return server;
    const names = this.#options.daemon.servers.map(regionName).join(', ');
    throw new ControlError(
      'ERR_IVSHMEM_NO_SUCH_REGION',
      `there is no region '${region}'; there are: ${names}`,
    );
  }
}

/** What a region is called; one by options has the name of its socket's file without `.sock`. */
export function regionName({ name, socket }: Pick<Server, 'name' | 'socket'>): string {
  return name ?? basename(socket, '.sock');
}

async function lookAtPeers(
  server: Server,
  region: number,
  tell: (part: RegionPart) => void,
): Promise<void> {
  let peers: PeerLook[] = [];
  let endMs = performance.now() + SLICE_MS;
  const pause = async (): Promise<void> => {
    if (peers.length > 0) tell({ region, peers });
    peers = [];
    await new Promise((resolve) => setImmediate(resolve));
    endMs = performance.now() + SLICE_MS;
  };
  for (const { peer, doorbells, ...state } of server.inspectPeers()) {
    const { name: vm, ...who } = peer;
    const [waiting, eventfdIds]: [number[], number[]] = [[], []];
    for (const { count, id } of doorbells) {
      waiting.push(Math.min(Number(count), MOST_WAITING));
      eventfdIds.push(id);
      if (performance.now() >= endMs) await pause();
    }
    peers.push({ ...who, vm, ...state, waiting, eventfdIds });
    if (performance.now() >= endMs) await pause();
  }
  tell({ region, peers });
}

function lookAtRegion(server: Server): RegionLook {
  const { socket, hostSocket, memory, vectors, label, maxPeers, idsLeft } = server;
  const { kind, path, sizeBytes } = memory;
  return {
    status: {
      name: regionName(server),
      socket: resolve(socket),
      ...(hostSocket !== undefined && { hostSocket: resolve(hostSocket) }),
      memory: { kind, path, sizeBytes },
      vectors,
      ...(label !== undefined && { label }),
      maxPeers,
      idsLeft,
      vms: server.vms.map(({ name, id, socket: own, peer }): VmStatus => ({
        name,
        ...(id !== undefined && { id }),
        ...(own !== undefined && { socket: resolve(own) }),
        isPresent: peer !== undefined,
      })),
    },
    counts: countsOf(server),
  };
}

function countsOf({ counters }: Server): RegionCounts {
  const { joins, leaves, refusals, messages, batches, joinBuckets, joinSeconds } = counters;
  return {
    joins,
    leaves,
    refusals: [...refusals],
    messages,
    batches,
    joinBuckets: [...joinBuckets],
    joinSeconds,
  };
}

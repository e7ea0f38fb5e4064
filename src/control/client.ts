// Asking a control socket, from another process.
//
// Rule 1: what the server says no to is a ControlError with the server's own code and words; what the kernel
//         says no to is an error of the connect, with the path.
// Rule 2: who answers something else than a control socket is found out: nothing of it is used.
import type { IncomingMessage } from 'node:http';
import { answerShapes, fits } from './answer-shape.js';
import { ControlError } from './control-error.js';
import { exchange, linesOf, notControl, textOf, type ExchangeOptions } from './exchange.js';
import { followedEvents, type EventLine, type EventStream } from './followed-events.js';
import type { PeerStatus, RegionStatus, ServerStatus } from './status.js';

interface Answers {
  readonly status: ServerStatus;
  readonly region: RegionStatus;
  readonly eviction: { readonly evicted: Pick<PeerStatus, 'id' | 'pid' | 'uid'> };
  readonly reload: { readonly summary: string; readonly problems: readonly string[] };
  readonly event: EventLine;
  readonly refusal: { readonly code: string; readonly message: string };
}

const RELOAD_MS = 65_000;

/** The control socket of a server. Each call is a connection of its own. */
export class ControlClient {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** All there is to know. Rejects with ControlError, and with ENOENT, ECONNREFUSED, EACCES of connect, as all do. */
  status({ signal }: { readonly signal?: AbortSignal } = {}): Promise<ServerStatus> {
    return this.#json('status', '/v1/status', { signal });
  }

  /** One region, by name. */
  region(name: string): Promise<RegionStatus> {
    return this.#json('region', `/v1/regions/${encodeURIComponent(name)}`);
  }

  /** Cuts a peer off; see `Server.evict`. */
  async evict(region: string, peer: number): Promise<Pick<PeerStatus, 'id' | 'pid' | 'uid'>> {
    const path = `/v1/regions/${encodeURIComponent(region)}/peers/${peer}`;
    const { evicted } = await this.#json('eviction', path, { method: 'DELETE' });
    return evicted;
  }

  /** Has the configuration read again; resolves with what came of it. */
  async reload(): Promise<{ readonly summary: string; readonly problems: readonly string[] }> {
    const options = { method: 'POST', timeoutMs: RELOAD_MS } as const;
    try {
      return await this.#json('reload', '/v1/reload', options);
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'ERR_IVSHMEM_CONFIG') throw error;
      const [summary = '', ...problems] = message.split('\n');
      return { summary, problems };
    }
  }

  /** The metrics, in the text format of Prometheus. */
  async metrics(): Promise<string> {
    return this.#text(await this.#ask('/metrics'));
  }

  /**
   * The events that are kept, and with `follow` all that come, until the signal or the server's end; see
   * `followedEvents`.
   */
  async *events({
    follow = false,
    signal,
  }: {
    readonly follow?: boolean;
    readonly signal?: AbortSignal | undefined;
  } = {}): AsyncGenerator<EventLine, void> {
    if (!follow) {
      yield* await this.#keptEvents(signal);
      return;
    }
    const source = {
      follow: () => this.#eventStream(signal),
      kept: () => this.#keptEvents(signal),
    };
    yield* followedEvents(source, signal);
  }

  async #eventStream(signal: AbortSignal | undefined): Promise<EventStream> {
    const response = await this.#ask('/v1/events?follow=1', { isEndless: true, signal });
    return { events: this.#eventsIn(response), close: () => response.destroy() };
  }

  async *#eventsIn(response: IncomingMessage): AsyncGenerator<EventLine, void> {
    for await (const line of linesOf(response, this.path)) yield this.#read('event', line);
  }

  // At once: the time is for the server's answer, and not for who takes the events one by one.
  async #keptEvents(signal: AbortSignal | undefined): Promise<EventLine[]> {
    const text = await this.#text(await this.#ask('/v1/events', { signal }));
    const lines = text.split('\n').filter((line) => line !== '');
    return lines.map((line) => this.#read('event', line));
  }

  async #json<Kind extends keyof Answers>(
    kind: Kind,
    path: string,
    options?: ExchangeOptions,
  ): Promise<Answers[Kind]> {
    return this.#read(kind, await this.#text(await this.#ask(path, options)));
  }

  #text(response: IncomingMessage): Promise<string> {
    return textOf(response, this.path);
  }

  // Resolves with an answer that is a yes.
  async #ask(path: string, options: ExchangeOptions = {}): Promise<IncomingMessage> {
    const response = await exchange(this.path, path, options);
    const { statusCode = 0, headers } = response;
    if (!String(headers['server']).startsWith('ivshmem/')) {
      response.destroy();
      throw notControl(this.path);
    }
    if (statusCode >= 200 && statusCode < 300) return response;
    const { code, message } = this.#read('refusal', await this.#text(response));
    throw new ControlError(code, message);
  }

  #read<Kind extends keyof Answers>(kind: Kind, text: string): Answers[Kind] {
    try {
      const answer: unknown = JSON.parse(text);
      if (fits(answer, answerShapes[kind])) return answer as Answers[Kind];
    } catch (error) {
      if (!(error instanceof SyntaxError)) throw error;
    }
    throw notControl(this.path);
  }
}

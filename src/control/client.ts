// Asking a control socket, from another process.
//
// Rule 1: nobody is connected to who is no control socket, or a stranger's: see held-socket.ts.
// Rule 2: what the server says no to is a ControlError with the server's own code and words; what the kernel
//         says no to is an error of the connect, with the path.
// Rule 3: an answer is bounded in time, and who answers something else than a control socket is found out.
import { once } from 'node:events';
import { request, type ClientRequest, type IncomingMessage, type RequestOptions } from 'node:http';
import { connect, type Socket } from 'node:net';
import { ControlError } from './control-error.js';
import { connectError, HeldSocket } from './held-socket.js';
import type { PeerStatus, RegionStatus, ServerStatus } from './status.js';

/** A line of the log, as an object; `event` says what it is. */
export type EventLine = Readonly<Record<string, unknown>> & { readonly event: string };

const ANSWER_MS = 15_000;
const RELOAD_MS = 65_000;

interface AskOptions {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  /** 0: for ever. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal | undefined;
}

/** The control socket of a server. Each call is a connection of its own. */
export class ControlClient {
  readonly path: string;

  constructor(path: string) {
    this.path = path;
  }

  /** All there is to know. Rejects with ControlError, and with ENOENT, ECONNREFUSED, EACCES of connect, as all do. */
  async status({ signal }: { readonly signal?: AbortSignal } = {}): Promise<ServerStatus> {
    const status = await this.#json<Partial<ServerStatus> | null>('/v1/status', { signal });
    if (!Array.isArray(status?.regions)) throw notControl();
    return status as ServerStatus;
  }

  /** One region, by name. */
  region(name: string): Promise<RegionStatus> {
    return this.#json<RegionStatus>(`/v1/regions/${encodeURIComponent(name)}`);
  }

  /** Cuts a peer off; see `Server.evict`. */
  async evict(region: string, peer: number): Promise<Pick<PeerStatus, 'id' | 'pid' | 'uid'>> {
    const path = `/v1/regions/${encodeURIComponent(region)}/peers/${peer}`;
    const { evicted } = await this.#json<{ evicted: PeerStatus }>(path, { method: 'DELETE' });
    return evicted;
  }

  /** Has the configuration read again; resolves with what came of it. */
  async reload(): Promise<{ readonly summary: string; readonly problems: readonly string[] }> {
    try {
      return await this.#json('/v1/reload', { method: 'POST', timeoutMs: RELOAD_MS });
    } catch (error) {
      const { code, message } = error as NodeJS.ErrnoException;
      if (code !== 'ERR_IVSHMEM_CONFIG') throw error;
      const [summary = '', ...problems] = message.split('\n');
      return { summary, problems };
    }
  }

  /** The metrics, in the text format of Prometheus. */
  async metrics(): Promise<string> {
    return textOf(await this.#ask('/metrics'));
  }

  /** The events that are kept, and with `follow` all that come, until the signal or the server's end. */
  async *events({
    follow = false,
    signal,
  }: {
    readonly follow?: boolean;
    readonly signal?: AbortSignal | undefined;
  } = {}): AsyncGenerator<EventLine, void> {
    const path = follow ? '/v1/events?follow=1' : '/v1/events';
    const response = await this.#ask(path, { timeoutMs: follow ? 0 : ANSWER_MS, signal });
    try {
      for await (const line of linesOf(response)) yield parse(line) as EventLine;
    } catch (error) {
      signal?.throwIfAborted();
      // Of a stream that has no end of its own, the server's is the end.
      if (!follow || (error as NodeJS.ErrnoException).code !== 'ECONNRESET') throw error;
    }
  }

  async #json<Answer>(path: string, options?: AskOptions): Promise<Answer> {
    return parse(await textOf(await this.#ask(path, options))) as Answer;
  }

  // Resolves with an answer that is a yes.
  async #ask(path: string, options: AskOptions = {}): Promise<IncomingMessage> {
    const response = await this.#send(path, options);
    const { statusCode = 0, headers } = response;
    if (!String(headers['server']).startsWith('ivshmem/')) {
      response.destroy();
      throw notControl();
    }
    if (statusCode >= 200 && statusCode < 300) return response;
    const { code = '', message = '' } = parse(await textOf(response)) as Record<string, string>;
    if (code === '') throw notControl();
    throw new ControlError(code, message);
  }

  async #send(
    path: string,
    { method = 'GET', timeoutMs = ANSWER_MS, signal }: AskOptions,
  ): Promise<IncomingMessage> {
    const socket = await this.#connect();
    const options: RequestOptions = { createConnection: () => socket, path, method };
    return new Promise((resolve, reject) => {
      const sent: ClientRequest = request({ ...options, ...(signal && { signal }) }, resolve);
      sent.on('error', (error: NodeJS.ErrnoException) => {
        reject(error.code?.startsWith('HPE_') ? notControl() : error);
      });
      if (timeoutMs > 0) {
        // For all of it: an answer that drips would never be idle.
        const timer = setTimeout(() => {
          const message = `no answer within ${timeoutMs / 1_000} s: it may be stopped`;
          sent.destroy(new ControlError('ERR_IVSHMEM_NO_ANSWER', message));
        }, timeoutMs);
        sent.on('close', () => {
          clearTimeout(timer);
        });
      }
      sent.end();
    });
  }

  // At once, or not at all: https://man7.org/linux/man-pages/man7/unix.7.html
  async #connect(): Promise<Socket> {
    using held = HeldSocket.at(this.path);
    const socket = connect(held.path);
    try {
      await once(socket, 'connect');
      return socket;
    } catch (error) {
      throw connectError(error, this.path);
    }
  }
}

async function* linesOf(response: IncomingMessage): AsyncGenerator<string, void> {
  let rest = '';
  for await (const chunk of response.setEncoding('utf8')) {
    const lines = `${rest}${chunk as string}`.split('\n');
    rest = lines.pop() ?? '';
    yield* lines;
  }
}

async function textOf(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of response) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString();
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw notControl();
  }
}

function notControl(): ControlError {
  return new ControlError(
    'ERR_IVSHMEM_NOT_CONTROL',
    'what answers there is no control socket of ivshmem',
  );
}

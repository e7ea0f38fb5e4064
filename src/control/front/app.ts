// What can be asked over HTTP, and how it is answered.
//
// Rule 1: every answer but the metrics and the events is JSON; what is not as asked has a code and a message.
// Rule 2: no request has a body: what it is about stands in its path.
import type { Writable } from 'node:stream';
import type { HttpBindings } from '@hono/node-server';
import { Hono, type Context } from 'hono';
import { MAX_PEER_ID } from '../../protocol/wire.js';
import { ControlError } from '../control-error.js';
import type { Asker, WholeLook } from './asker.js';
import { Details } from './details.js';
import type { Followers } from './followers.js';
import { LookText } from './look-text.js';

const statuses: Readonly<Record<string, 400 | 404 | 405 | 409 | 503>> = {
  ERR_IVSHMEM_NO_SUCH_REGION: 404,
  ERR_IVSHMEM_NO_SUCH_PEER: 404,
  ERR_IVSHMEM_NO_CONFIG: 409,
  ERR_IVSHMEM_CONFIG: 409,
  ERR_IVSHMEM_FIXED_ID: 409,
  ERR_IVSHMEM_UNREAD: 409,
  ERR_IVSHMEM_NO_ANSWER: 503,
  ERR_IVSHMEM_BUSY: 503,
  ERR_IVSHMEM_REQUEST: 400,
};

const methods = {
  '/metrics': ['GET'],
  '/v1/status': ['GET'],
  '/v1/events': ['GET'],
  '/v1/reload': ['POST'],
  '/v1/regions/:region': ['GET'],
  '/v1/regions/:region/peers/:peer': ['GET', 'DELETE'],
} as const;

const JSON_TYPE = { 'Content-Type': 'application/json' } as const;

interface Env {
  Bindings: HttpBindings;
}

/** The application, for one server. */
export function createApp(asker: Asker, followers: Followers): Hono<Env> {
  const app = new Hono<Env>();
  const details = new Details();
  const texts = new WeakMap<WholeLook, LookText>();
  const text = async (): Promise<LookText> => {
    const look = await asker.look();
    const made = texts.get(look) ?? new LookText(look, details);
    texts.set(look, made);
    return made;
  };

  app.use(async (context, next) => {
    const { headers } = context.req.raw;
    const hasBody = headers.has('transfer-encoding') || Number(headers.get('content-length')) > 0;
    if (hasBody) throw request('no request has a body: leave it out');
    await next();
  });
  app.get('/metrics', async (context) => {
    const { bytes, contentType } = await (await text()).metrics;
    return context.body(bytes, 200, { 'Content-Type': contentType });
  });
  app.get('/v1/status', async (context) => context.body((await text()).status, 200, JSON_TYPE));
  app.get('/v1/regions/:region', async (context) =>
    context.body((await text()).region(context.req.param('region')), 200, JSON_TYPE),
  );
  app.get('/v1/regions/:region/peers/:peer', async (context) => {
    const { region, peer } = context.req.param();
    const id = peerId(peer);
    return context.json((await text()).peer(region, id));
  });
  app.delete('/v1/regions/:region/peers/:peer', async (context) => {
    const { region, peer } = context.req.param();
    const id = peerId(peer);
    const signal = await hangUpOf(context.env.outgoing);
    return context.json({ evicted: await asker.evict(region, id, signal) });
  });
  app.post('/v1/reload', async (context) => context.json((await asker.reload()) as object));
  app.get('/v1/events', async (context) => {
    const follow = context.req.query('follow') ?? '0';
    if (follow !== '0' && follow !== '1') throw request(`follow=${follow}: allowed: 0 and 1`);
    await followers.catchUp();
    const isFollowed = follow === '1' && context.req.method === 'GET';
    return context.body(
      followers.stream({ follow: isFollowed, socket: context.env.incoming.socket }),
      200,
      {
        'Content-Type': 'application/x-ndjson',
      },
    );
  });
  for (const [path, allowed] of Object.entries(methods)) {
    app.all(path, (context) => {
      const list = allowed.join(', ');
      const message = `${context.req.method} is not for ${context.req.path}: allowed: ${list}`;
      return context.json({ code: 'ERR_IVSHMEM_REQUEST', message }, 405, { Allow: list });
    });
  }
  app.notFound((context) => {
    const message = `nothing is at ${context.req.path}; there are: ${Object.keys(methods).join(', ')}`;
    return context.json({ code: 'ERR_IVSHMEM_REQUEST', message }, 404);
  });
  app.onError(answerError);
  return app;
}

// Aborted when whoever asks has hung up before it is answered. If it has already, that is read a turn after the
// request, and seen two later.
async function hangUpOf(response: Writable): Promise<AbortSignal> {
  const hangUp = new AbortController();
  response.on('close', () => {
    hangUp.abort();
  });
  for (let turn = 0; turn < 3; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  hangUp.signal.throwIfAborted();
  return hangUp.signal;
}

function answerError(error: Error, context: Context): Response {
  const { code = 'ERR_IVSHMEM_INTERNAL', message } = error as NodeJS.ErrnoException;
  return context.json({ code, message }, statuses[code] ?? 500);
}

function peerId(text: string): number {
  if (/^\d{1,5}$/.test(text) && Number(text) <= MAX_PEER_ID) return Number(text);
  throw request(`'${text}' is no peer ID; allowed: 0–65535`);
}

function request(message: string): ControlError {
  return new ControlError('ERR_IVSHMEM_REQUEST', message);
}

// The front of the control socket, a process of its own: HTTP on one side, questions to the server on the other.
//
// Rule 1: so many connections, and no more. Who comes when all are taken is told so at once, and let go.
// Rule 2: a connection has one request at a time. Answers that wait for one another cannot be counted.
// Rule 3: nobody is waited for without end: neither for the rest of a request nor for an answer to be read.
// Rule 4: it ends with the server, and by nothing else that ends a server: what is said last is told here.
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { getRequestListener } from '@hono/node-server';
import { dieWithParent } from '../../../native/parent-death.js';
import { MAX_BACKLOG } from '../../../native/unix-socket.js';
import { become } from '../become.js';
import { LISTENING_FD, type ToFront } from '../control-socket.js';
import { Asker } from './asker.js';
import { bodyOf, refuse, responseOf, SERVER } from './plain-answer.js';
import { createApp } from './app.js';
import { Followers } from './followers.js';
import { goFirstWithoutMemory } from './oom-score.js';
import { SlowReaders } from './slow-readers.js';

const MAX_CONNECTIONS = 64;
const MAX_TURNED_AWAY = 960;
const REQUEST_MS = 10_000;
const KEEP_ALIVE_MS = 5_000;
const CHECK_MS = 1_000;
const TURNED_AWAY_MS = 30_000;
const MAX_HEADER_BYTES = 16_384;

if (process.send === undefined) throw new Error('this is a part of a server, and no program');
goFirstWithoutMemory();
dieWithParent();
const connections = new Set<Socket>();
// Those whose request has not been answered whole.
const asking = new WeakSet<Socket>();
let turnedAway = 0;
const asker = new Asker((message) => process.send?.(message, () => undefined));
const followers = new Followers(asker);
const app = createApp(asker, followers);
const respond = getRequestListener(app.fetch, {
  overrideGlobalObjects: false,
  hostname: 'localhost', // of a UNIX socket nobody has to say so
  errorHandler: () =>
    new Response(bodyOf(400, 'this is no request of HTTP'), {
      status: 400,
      headers: { 'Content-Type': 'application/json' },
    }),
});

const faults: Readonly<Record<string, readonly [number, string]>> = {
  HPE_HEADER_OVERFLOW: [431, `headers are ${MAX_HEADER_BYTES} bytes at most`],
  ERR_HTTP_REQUEST_TIMEOUT: [408, `a request has ${REQUEST_MS / 1_000} seconds to be complete`],
};
const BUSY = responseOf(503, `${MAX_CONNECTIONS} connections are all that there may be: try again`);

const server = createServer(
  {
    requestTimeout: REQUEST_MS,
    headersTimeout: REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: CHECK_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
    requireHostHeader: false, // Node's own 400 says nothing
  },
  (request, response) => {
    response.setHeader('Server', SERVER);
    if (connections.has(request.socket)) take(request, response);
  },
);
server.on('connection', (socket) => {
  if (connections.size >= MAX_CONNECTIONS) {
    turnAway(socket);
    return;
  }
  connections.add(socket);
  socket.on('close', () => connections.delete(socket));
});
server.on('checkExpectation', (_request: IncomingMessage, response: ServerResponse) => {
  refuse(response, 417, 'nothing can be expected: leave it out');
});
server.on('connect', (_request: IncomingMessage, socket: Socket) => {
  // With this one HTTP has nothing to do any more: neither with its errors nor with its time.
  socket.on('error', () => undefined);
  answerLast(socket, 405, 'CONNECT is for nothing here');
});
server.on('clientError', (error: NodeJS.ErrnoException, socket: Socket) => {
  const [status, message] = faults[error.code ?? ''] ?? [400, 'this is no request of HTTP'];
  answerLast(socket, status, message);
});

const slowReaders = new SlowReaders(connections, (socket) => followers.has(socket));
setInterval(() => {
  slowReaders.letGo();
}, CHECK_MS);
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => undefined);
process.on('disconnect', () => process.exit());
process.on('message', (message: ToFront) => {
  if (message.kind === 'listen') {
    if (message.as) {
      become(message.as);
      dieWithParent();
    }
    // As an option it would be overlooked, and the queue be 511 from now on.
    server.listen({ fd: LISTENING_FD }, MAX_BACKLOG);
    void followers.listen();
  } else if (message.kind === 'end') {
    void end();
  } else asker.receive(message.reply);
});
process.send('loaded');

function take(request: IncomingMessage, response: ServerResponse): void {
  const { socket } = request;
  if (asking.has(socket)) {
    // What it sent ahead may be a thousand requests, and no known client does that.
    socket.destroy();
    return;
  }
  asking.add(socket);
  response.once('close', () => asking.delete(socket));
  if (request.httpVersion === '1.1' && request.headers.host === undefined)
    refuse(response, 400, 'HTTP/1.1 wants a Host: any');
  else if (slowReaders.areTooSlow) refuse(response, 503, 'too much waits to be read: try again');
  else void respond(request, response);
}

function answerLast(socket: Socket, status: number, message: string): void {
  if (socket.writable) socket.write(responseOf(status, message));
  socket.destroySoon();
}

// It may not have asked yet, and would find its own end of the connection broken before it reads the answer.
function turnAway(socket: Socket): void {
  socket.end(BUSY);
  if (turnedAway >= MAX_TURNED_AWAY) {
    socket.destroySoon();
    return;
  }
  turnedAway += 1;
  socket.setTimeout(TURNED_AWAY_MS, () => socket.destroy());
  socket.on('close', () => (turnedAway -= 1));
}

// Who follows has what there is; who waits for an answer may not get one any more.
async function end(): Promise<void> {
  await followers.end();
  server.close(() => process.exit());
  server.closeIdleConnections();
}

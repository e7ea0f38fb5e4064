// The thread of the control socket: HTTP on one side, questions to the server on the other.
//
// Rule 1: so many connections, and no more: each is a descriptor of the process, which the peers need, too.
//         Who comes when all are taken is told so at once, and let go.
// Rule 2: nobody is waited for without end: neither for the rest of a request nor for an answer to be read.
import { createServer } from 'node:http';
import type { Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { getRequestListener } from '@hono/node-server';
import { ownDescriptorLimit } from '../../../native/descriptor-limit.js';
import { duplicateForNode } from '../../../native/duplicate.js';
import type { ControlErrorCode } from '../control-error.js';
import type { ThreadData } from '../control-socket.js';
import { Asker } from './asker.js';
import { createApp } from './app.js';
import { Followers } from './followers.js';

const MAX_CONNECTIONS = 64;
const REQUEST_MS = 10_000;
const KEEP_ALIVE_MS = 5_000;
const MAX_HEADER_BYTES = 16_384;
const MAX_UNREAD_BYTES = 64 * 1024 ** 2;
const CHECK_MS = 1_000;
const TURNED_AWAY_MS = 1_000;
const MAX_TURNED_AWAY = Math.min(960, Math.floor(ownDescriptorLimit() / 16));

if (parentPort === null) throw new Error('this is a thread of the server, and no program');
const { rawFd } = workerData as ThreadData;
const connections = new Set<Socket>();
let turnedAway = 0;
const asker = new Asker(parentPort);
const followers = new Followers(asker);
const app = createApp(asker, followers);
const respond = getRequestListener(app.fetch, { overrideGlobalObjects: false });

const BUSY = JSON.stringify({
  code: 'ERR_IVSHMEM_BUSY' satisfies ControlErrorCode,
  message: `${MAX_CONNECTIONS} connections are all that there may be: try again`,
});
const TURNED_AWAY =
  'HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\n' +
  `Connection: close\r\nContent-Length: ${BUSY.length}\r\n\r\n${BUSY}`;

const server = createServer(
  {
    requestTimeout: REQUEST_MS,
    headersTimeout: REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: CHECK_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
  },
  (request, response) => {
    if (connections.has(request.socket)) void respond(request, response);
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
server.listen({ fd: duplicateForNode(rawFd) });
setInterval(letSlowReadersGo, CHECK_MS);
parentPort.on('message', (message) => {
  if (message === 'end') void end();
});
parentPort.postMessage('loaded');

// It may not have asked yet, and would find its own end of the connection broken before it reads the answer.
function turnAway(socket: Socket): void {
  socket.end(TURNED_AWAY);
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

// Who has most to read goes first.
function letSlowReadersGo(): void {
  const slow = [...connections].sort((a, b) => b.writableLength - a.writableLength);
  let unread = slow.reduce((sum, { writableLength }) => sum + writableLength, 0);
  for (const socket of slow) {
    if (unread <= MAX_UNREAD_BYTES) return;
    unread -= socket.writableLength;
    socket.destroy();
  }
}

// The thread of the control socket: HTTP on one side, questions to the server on the other.
//
// Rule 1: so many connections, and no more: each is a descriptor of the process, which the peers need, too.
//         Who comes when all are taken is told so, and let go.
// Rule 2: nobody is waited for without end: neither for the rest of a request nor for an answer to be read.
import { createServer as createHttpServer } from 'node:http';
import { createServer, type Socket } from 'node:net';
import { parentPort, workerData } from 'node:worker_threads';
import { getRequestListener } from '@hono/node-server';
import { duplicateForNode } from '../../../native/duplicate.js';
import type { ThreadData } from '../control-socket.js';
import { Asker } from './asker.js';
import { createApp } from './app.js';

const MAX_CONNECTIONS = 64;
const MAX_TURNED_AWAY = 64;
const REQUEST_MS = 10_000;
const KEEP_ALIVE_MS = 5_000;
const MAX_HEADER_BYTES = 16_384;
const MAX_UNREAD_BYTES = 64 * 1024 ** 2;
const CHECK_MS = 1_000;

const BUSY = JSON.stringify({
  code: 'ERR_IVSHMEM_BUSY',
  message: `${MAX_CONNECTIONS} connections are all that there may be: try again`,
});
const BUSY_RESPONSE =
  'HTTP/1.1 503 Service Unavailable\r\nContent-Type: application/json\r\nRetry-After: 1\r\n' +
  `Connection: close\r\nContent-Length: ${BUSY.length}\r\n\r\n${BUSY}`;

if (parentPort === null) throw new Error('this is a thread of the server, and no program');
const { rawFd } = workerData as ThreadData;
const connections = new Set<Socket>();
let turnedAway = 0;

const app = createApp(new Asker(parentPort));
const respond = getRequestListener(app.fetch, { overrideGlobalObjects: false });
const http = createHttpServer(
  {
    requestTimeout: REQUEST_MS,
    headersTimeout: REQUEST_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    connectionsCheckingInterval: CHECK_MS,
    maxHeaderSize: MAX_HEADER_BYTES,
  },
  (request, response) => void respond(request, response),
);

// HTTP's own server looks after the sockets that it is given here as if it had accepted them.
const door = createServer({ allowHalfOpen: true }, (socket) => {
  if (connections.size >= MAX_CONNECTIONS) {
    turnAway(socket);
    return;
  }
  connections.add(socket);
  socket.on('close', () => connections.delete(socket));
  http.emit('connection', socket);
});
door.listen({ fd: duplicateForNode(rawFd) });
setInterval(letSlowReadersGo, CHECK_MS);
parentPort.postMessage('loaded');

function turnAway(socket: Socket): void {
  socket.on('error', () => undefined);
  if (turnedAway >= MAX_TURNED_AWAY) {
    socket.destroy();
    return;
  }
  turnedAway += 1;
  socket.setTimeout(KEEP_ALIVE_MS, () => socket.destroy());
  socket.on('close', () => (turnedAway -= 1));
  // Read, so that it can be closed without a reset that would take the answer along.
  socket.resume();
  socket.end(BUSY_RESPONSE);
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

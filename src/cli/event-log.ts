// What a server tells, as lines of the log.
//
// Rule 1: one line for each join, leave, refusal and failure; the one who can act finds the remedy in it.
import type { PeerCredentials } from '../../native/unix-socket.js';
import type { Server } from '../server/server.js';
import { formatSize } from '../server/size.js';
import type { Log } from './log.js';

/** Logs a server's events from now on, and first that it is there. */
export function logEvents(log: Log, server: Server): void {
  const { socket, vectors, maxPeers, memory } = server;
  const { path, sizeBytes, isAdopted } = memory;
  log.info(
    { event: 'listening', socket, memory: path, sizeBytes, isAdopted, vectors, maxPeers },
    `listening on ${socket}: ${formatSize(sizeBytes)}${isAdopted ? ' that were there before' : ''}, ` +
      `vectors ${vectors}, at most ${maxPeers} peers`,
  );
  const { limitWarning } = server;
  if (limitWarning) log.warn({ event: 'warning', code: limitWarning.code }, limitWarning.message);
  server.on('warning', ({ code, message }) => {
    log.warn({ event: 'warning', code }, message);
  });
  server.on('join', ({ id, ...credentials }) => {
    log.info({ event: 'join', peer: id, ...credentials }, `peer ${id} joined: ${who(credentials)}`);
  });
  server.on('leave', ({ id, ...credentials }, reason) => {
    log.info(
      { event: 'leave', peer: id, ...credentials, reason },
      `peer ${id} left: ${reason}, ${who(credentials)}`,
    );
  });
  server.on('refuse', ({ reason, version, message, remedy, credentials }) => {
    log.warn(
      { event: 'refuse', reason, version, remedy, ...credentials },
      `refused ${credentials ? who(credentials) : 'a connection'}: ${message}; ${remedy}`,
    );
  });
  server.on('error', (error) => {
    log.error({ event: 'error', code: error.code, syscall: error.syscall }, error.message);
  });
}

function who({ pid, uid }: PeerCredentials): string {
  return `pid ${pid}, uid ${uid}`;
}

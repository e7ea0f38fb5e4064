// What a server tells, as lines of the log.
//
// Rule 1: one line for each join, leave, refusal and failure; the one who can act finds the remedy in it.
import type { PeerCredentials } from '../../native/unix-socket.js';
import type { RegionPeer } from '../server/server-events.js';
import type { Server } from '../server/server.js';
import { formatSize } from '../server/size.js';
import type { Log, LogFields } from './log.js';

/** Logs a server's events from now on, and first that it is there; each line has its region's name, if it has one. */
export function logEvents(target: Log, server: Server): void {
  const log = new RegionLog(target, server.name);
  const { socket, hostSocket, vectors, label, maxPeers, memory, vms } = server;
  const { path, sizeBytes, isAdopted } = memory;
  log.info(
    {
      event: 'listening',
      socket,
      hostSocket,
      memory: path,
      sizeBytes,
      isAdopted,
      vectors,
      label,
      maxPeers,
      vms: vms.length === 0 ? undefined : vms.map(({ name, socket }) => ({ name, socket })),
    },
    `listening on ${socket}${hostSocket === undefined ? '' : ` and ${hostSocket}`}: ${formatSize(sizeBytes)}${isAdopted ? ' that were there before' : ''}, ` +
      `vectors ${vectors}, at most ${maxPeers} peers${vms.length === 0 ? '' : `; VMs ${vms.map(({ name }) => name).join(', ')}`}`,
  );
  const { limitWarning } = server;
  if (limitWarning) log.warn({ event: 'warning', code: limitWarning.code }, limitWarning.message);
  server.on('warning', ({ code, message }) => {
    log.warn({ event: 'warning', code }, message);
  });
  server.on('join', (peer) => {
    log.info({ event: 'join', ...fieldsOf(peer) }, `${nameOf(peer)} joined: ${who(peer)}`);
  });
  server.on('leave', (peer, reason) => {
    log.info(
      { event: 'leave', ...fieldsOf(peer), reason },
      `${nameOf(peer)} left: ${reason}, ${who(peer)}`,
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

/** Logs the end of a server. */
export function logEnd(target: Log, server: Server): void {
  const { memory, socket, keepsMemory } = server;
  const stays = keepsMemory ? `; ${memory.path} stays: remove it when no VM needs it` : '';
  new RegionLog(target, server.name).info(
    { event: 'end', socket },
    `ended; attached VMs keep memory and doorbells${stays}`,
  );
}

// Where there are several regions, each line says which it is about.
class RegionLog implements Pick<Log, 'info' | 'warn' | 'error'> {
  readonly #log: Log;
  readonly #fields: { readonly region?: string };
  readonly #prefix: string;

  constructor(log: Log, region?: string) {
    this.#log = log;
    this.#fields = region === undefined ? {} : { region };
    this.#prefix = region === undefined ? '' : `${region}: `;
  }

  info(fields: LogFields, message: string): void {
    this.#log.info({ ...this.#fields, ...fields }, this.#prefix + message);
  }

  warn(fields: LogFields, message: string): void {
    this.#log.warn({ ...this.#fields, ...fields }, this.#prefix + message);
  }

  error(fields: LogFields, message: string): void {
    this.#log.error({ ...this.#fields, ...fields }, this.#prefix + message);
  }
}

function fieldsOf({ id, ...others }: RegionPeer): Readonly<Record<string, unknown>> {
  return { peer: id, ...others };
}

function nameOf({ id, isHost, name }: RegionPeer): string {
  if (name !== undefined) return `${name} (peer ${id})`;
  return isHost ? `host peer ${id}` : `peer ${id}`;
}

function who({ pid, uid }: PeerCredentials): string {
  return `pid ${pid}, uid ${uid}`;
}

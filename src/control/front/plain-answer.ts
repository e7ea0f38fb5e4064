// An answer that needs no application: what is no request that it could take.
//
// Rule 1: it is like all others: JSON with a code and a message, from ivshmem.
import { STATUS_CODES, type ServerResponse } from 'node:http';
import type { ControlErrorCode } from '../control-error.js';
import { version } from './version.js';

/** What each answer is from: by this a client knows a control socket. */
export const SERVER = `ivshmem/${version}`;

/** Answers so, and ends the connection. */
export function refuse(response: ServerResponse, status: number, message: string): void {
  const body = bodyOf(status, message);
  response.writeHead(status, {
    Server: SERVER,
    'Content-Type': 'application/json',
    'Content-Length': Buffer.byteLength(body),
    Connection: 'close',
  });
  response.end(body);
}

/** The same as bytes, for a connection without a request. */
export function responseOf(status: number, message: string): string {
  const body = bodyOf(status, message);
  const head = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    `Server: ${SERVER}`,
    'Content-Type: application/json',
  ];
  const length = `Content-Length: ${Buffer.byteLength(body)}`;
  return [...head, length, 'Connection: close', '', body].join('\r\n');
}

/** A code and a message. */
export function bodyOf(status: number, message: string): string {
  const code: ControlErrorCode = status === 503 ? 'ERR_IVSHMEM_BUSY' : 'ERR_IVSHMEM_REQUEST';
  return JSON.stringify({ code, message });
}

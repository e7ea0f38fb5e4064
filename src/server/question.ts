// Who asks what the region is, and does not join it. See src/protocol/answer.ts.
//
// Rule 1: one look, one send, and the end: no admission, no slot, no ID, nothing to remember, and
//         nobody is told.
// Rule 2: all but the ID of the next peer and the last reload is found out when the server begins to listen:
//         no question can fail, and none can end the process.
// Rule 3: what becomes of the answer is the asker's business: one that has gone, does not read, or talks,
//         is let go like any other. No QEMU is let down by that: none binds a name before it connects.
import { fstatSync } from 'node:fs';
import path from 'node:path';
import { peerAbstractName } from '../../native/abstract-name.js';
import type { Fd } from '../../native/fd.js';
import { SystemError } from '../../native/system-error.js';
import { sendBytes } from '../../native/unix-socket.js';
import { encodeAnswer, QUESTION_PREFIX, type RegionDescription } from '../protocol/answer.js';
import type { RegionMemory } from './memory.js';
import type { Server } from './server.js';

/** Says what is told of a server, given the ID of its next peer. Made when it begins to listen. */
export function describer(
  server: Pick<Server, 'socket' | 'vectors' | 'reload'>,
  { fd, kind, sizeBytes, path: memoryPath }: RegionMemory,
): (nextId?: number) => RegionDescription {
  const { socket, vectors } = server;
  const { dev, ino } = fstatSync(fd.rawFd, { bigint: true });
  const constant = {
    pid: process.pid,
    // Now, and not with each question: the process may change its directory, or lose it.
    socket: path.resolve(socket),
    vectors,
    memory: { kind, sizeBytes, path: memoryPath, device: String(dev), inode: String(ino) },
  };
  return (nextId) => ({ ...constant, nextId: nextId ?? null, reload: server.reload });
}

/** Who answers. */
export interface Answerer {
  /** What the region is. Undefined is no answer: the asker finds the end alone. */
  describe(): RegionDescription | undefined;
  /** Whether the asker may not know; it has been told so then, and its socket been taken over. */
  isRefused(socket: Fd): boolean;
}

/** Whether this connection was a question; it is answered or refused then, and closed. */
export function answerQuestion(socket: Fd, answerer: Answerer): boolean {
  if (!isQuestion(socket)) return false;
  if (answerer.isRefused(socket)) return true;
  try {
    const description = answerer.describe();
    if (description) sendBytes(socket, Buffer.from(encodeAnswer(description)));
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
  } finally {
    socket.close();
  }
  return true;
}

function isQuestion(socket: Fd): boolean {
  try {
    return peerAbstractName(socket)?.startsWith(QUESTION_PREFIX) ?? false;
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
    return false;
  }
}

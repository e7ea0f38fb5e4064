// Who asks what the region is, and does not join it. See src/protocol/answer.ts.
//
// Rule 1: one look, one send, and the end: no admission, no slot, no ID, nothing to remember, and
//         nobody is told.
// Rule 2: what becomes of the answer is the asker's business: one that has gone, does not read, or talks,
//         is let go like any other. No QEMU is let down by that: none binds a name before it connects.
import path from 'node:path';
import { peerAbstractName } from '../../native/abstract-name.js';
import type { Fd } from '../../native/fd.js';
import { SystemError } from '../../native/system-error.js';
import { sendBytes } from '../../native/unix-socket.js';
import { encodeAnswer, QUESTION_PREFIX, type RegionDescription } from '../protocol/answer.js';
import type { Server } from './server.js';

/** What is told of a server; it has to make sense in any working directory. */
export function describeRegion(
  { socket, vectors, memory, label }: Pick<Server, 'socket' | 'vectors' | 'memory' | 'label'>,
  nextId: number | undefined,
): RegionDescription {
  const { kind, sizeBytes } = memory;
  return {
    pid: process.pid,
    socket: path.resolve(socket),
    vectors,
    memory: { kind, sizeBytes, path: path.resolve(memory.path) },
    nextId: nextId ?? null,
    label,
  };
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

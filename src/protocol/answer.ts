// A question to a server, what its region is, and the answer: for who wants to know before it joins, or
// without joining.
//
// To ask is to connect to the socket for host commands with an end whose abstract name begins as below.
// A server sees that with the accept; a first byte might come after the decision to let somebody join.
// The answer is one line of JSON, and the end.
//
// Rule 1: fields may be added: who reads passes over those that it does not know.
// Rule 2: what is not such a line, whole, is an error: nobody is to start a VM by half of one.
import { ProtocolError } from './protocol-error.js';
import { MAX_PEER_ID, MAX_VECTORS } from './wire.js';

/** What the abstract name of an asker begins with. */
export const QUESTION_PREFIX = 'ivshmem-ask/';

/** What a server tells of its region. */
export interface RegionDescription {
  /** The server's process, as it sees itself. */
  readonly pid: number;
  /** Path of the socket of the VMs, absolute. */
  readonly socket: string;
  readonly vectors: number;
  readonly memory: {
    readonly kind: string;
    readonly sizeBytes: number;
    /** Where another process can open it. */
    readonly path: string;
  };
  /** The ID of the next peer; null when none is left. */
  readonly nextId: number | null;
}

const SHOWN_CHARACTERS = 40;

/** The line that answers a question. */
export function encodeAnswer(description: RegionDescription): string {
  return `${JSON.stringify(description)}\n`;
}

/** What an answer says. Throws ProtocolError ERR_IVSHMEM_ANSWER. */
export function decodeAnswer(text: string): RegionDescription {
  const value = text.endsWith('\n') ? parse(text) : undefined;
  if (isDescription(value)) return value;
  const shown = JSON.stringify(text.slice(0, SHOWN_CHARACTERS));
  throw new ProtocolError(
    'ERR_IVSHMEM_ANSWER',
    `expected what the region is, the server sent ${shown}`,
  );
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function isDescription(value: unknown): value is RegionDescription {
  if (!isRecord(value) || !isRecord(value['memory'])) return false;
  const { pid, socket, vectors, nextId, memory } = value;
  const texts = [socket, memory['kind'], memory['path']];
  return (
    texts.every((text) => typeof text === 'string' && text !== '') &&
    isInteger(pid, Infinity) &&
    isInteger(vectors, MAX_VECTORS) &&
    isInteger(memory['sizeBytes'], Infinity) &&
    (nextId === null || nextId === 0 || isInteger(nextId, MAX_PEER_ID))
  );
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}

function isInteger(value: unknown, most: number): boolean {
  return typeof value === 'number' && Number.isSafeInteger(value) && value >= 1 && value <= most;
}

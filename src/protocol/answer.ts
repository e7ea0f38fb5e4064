// A question to a server, what its region is, and the answer: for who wants to know before it joins, or
// without joining.
//
// To ask is to connect to the socket for host commands with an end whose abstract name begins as below.
// A server sees that with the accept; a first byte might come after the decision to let somebody join.
// The answer is one line of JSON, and the end.
//
// Rule 1: fields may be added: who reads passes over those that it does not know.
// Rule 2: what is not such a line, whole, is an error: nobody is to start a VM by half of one.
// Rule 3: who answers may be anybody, and what it says goes on to terminals, shells and QEMUs: each field
//         is such as our servers write it, or is an error.
import { isPrintable, quote } from './printable.js';
import { ProtocolError } from './protocol-error.js';
import { MAX_PEER_ID, MAX_VECTORS } from './wire.js';

/** What the abstract name of an asker begins with. */
export const QUESTION_PREFIX = 'ivshmem-ask/';

const MEMORY_KINDS = ['memfd', 'shm', 'file', 'unnamed file'] as const;

/** What a server tells of its region. */
export interface RegionDescription {
  /** The server's process, as it sees itself. */
  readonly pid: number;
  /** Path of the socket of the VMs, absolute. */
  readonly socket: string;
  readonly vectors: number;
  readonly memory: {
    readonly kind: (typeof MEMORY_KINDS)[number];
    readonly sizeBytes: number;
    /** Where another process can open it, absolute; in another namespace that may be another thing. */
    readonly path: string;
    /** st_dev and st_ino in decimal (they may be larger than numbers are exact): what that path has to lead to. */
    readonly device: string;
    readonly inode: string;
  };
  /** The ID of the next peer; null when none is left. */
  readonly nextId: number | null;
  /** What came of reading the configuration again; none: it has none. */
  readonly reload?: ReloadReport | undefined;
}

/** What came of reading a configuration again. */
export interface ReloadReport {
  /** How often the server was asked to, and how many of these are done with. */
  readonly asked: number;
  readonly done: number;
  /** For people: what was done, and a line for each thing that was not. */
  readonly summary: string;
  readonly problems: readonly string[];
}

type Fields = Readonly<Record<string, readonly [is: (value: unknown) => boolean, what: string]>>;

const A_PATH = 'an absolute path of characters that can be printed';
const regionFields: Fields = {
  pid: [isIn(1, Infinity), 'the ID of a process'],
  socket: [isPath, A_PATH],
  vectors: [isIn(1, MAX_VECTORS), `in 1–${MAX_VECTORS}`],
  memory: [isRecord, 'an object'],
  nextId: [(id) => id === null || isIn(0, MAX_PEER_ID)(id), `null or in 0–${MAX_PEER_ID}`],
};
const memoryFields: Fields = {
  kind: [(kind) => MEMORY_KINDS.some((known) => known === kind), MEMORY_KINDS.join(', ')],
  sizeBytes: [isPowerOfTwo, 'a power of two'],
  path: [isPath, A_PATH],
  device: [isDigits, 'a number in decimal'],
  inode: [isDigits, 'a number in decimal'],
};
const reloadFields: Fields = {
  asked: [isIn(0, Infinity), 'a number'],
  done: [isIn(0, Infinity), 'a number'],
  summary: [isLine, 'a line'],
  problems: [(lines) => Array.isArray(lines) && lines.every(isLine), 'a list of lines'],
};
const SHOWN_CHARACTERS = 40;

/** The line that answers a question. */
export function encodeAnswer(description: RegionDescription): string {
  return `${JSON.stringify(description)}\n`;
}

/** What an answer says. Throws ProtocolError ERR_IVSHMEM_ANSWER, with a message that can be printed. */
export function decodeAnswer(text: string): RegionDescription {
  const value = text.endsWith('\n') ? parse(text) : undefined;
  if (!isRecord(value)) {
    const shown = quote(text.slice(0, SHOWN_CHARACTERS));
    throw wrong(`expected what the region is, the server sent ${shown}`);
  }
  checkFields('', value, regionFields);
  checkFields('memory.', value['memory'] as Json, memoryFields);
  const reload = value['reload'];
  if (reload !== undefined) checkFields('reload.', isRecord(reload) ? reload : {}, reloadFields);
  return value as unknown as RegionDescription;
}

type Json = Readonly<Record<string, unknown>>;

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function checkFields(prefix: string, record: Json, fields: Fields): void {
  for (const [name, [is, what]] of Object.entries(fields)) {
    if (!is(record[name])) throw wrong(`${prefix}${name} in the server's answer is not ${what}`);
  }
}

function isRecord(value: unknown): value is Json {
  return typeof value === 'object' && value !== null;
}

function isIn(least: number, most: number): (value: unknown) => boolean {
  return (value) => Number.isSafeInteger(value) && Number(value) >= least && Number(value) <= most;
}

function isPowerOfTwo(value: unknown): boolean {
  return isIn(1, Infinity)(value) && 2 ** Math.round(Math.log2(Number(value))) === value;
}

function isDigits(value: unknown): boolean {
  return typeof value === 'string' && /^\d{1,20}$/.test(value);
}

function isLine(value: unknown): boolean {
  return typeof value === 'string' && isPrintable(value);
}

// In its shortest form: no name of a memory is `..`.
function isPath(value: unknown): boolean {
  if (typeof value !== 'string' || !value.startsWith('/') || !isPrintable(value)) return false;
  return !value
    .slice(1)
    .split('/')
    .some((name) => ['', '.', '..'].includes(name));
}

function wrong(message: string): ProtocolError {
  return new ProtocolError('ERR_IVSHMEM_ANSWER', message);
}

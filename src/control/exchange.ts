// One question to a control socket, and its answer.
//
// Rule 1: nobody is connected to who is no control socket, or a stranger's: see held-socket.ts.
// Rule 2: whoever answers, it ends: the time is for all of an answer, unless it is one without an end, and no
//         answer is longer than a server's can be.
import { once } from 'node:events';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { connect, type Socket } from 'node:net';
import { ControlError } from './control-error.js';
import { connectError, HeldSocket } from './held-socket.js';

/** How to ask. */
export interface ExchangeOptions {
  readonly method?: 'GET' | 'POST' | 'DELETE';
  /** Default: 15,000. */
  readonly timeoutMs?: number;
  /** Whether the answer has no end: the time is for its beginning then. */
  readonly isEndless?: boolean;
  readonly signal?: AbortSignal | undefined;
}

const ANSWER_MS = 15_000;
// 65,536 peers of 15 doorbells, for which the descriptors that a process may have (fs.nr_open) suffice, are 67 MiB.
const MAX_ANSWER_BYTES = 134_217_728;
const MAX_LINE_CHARACTERS = 1_048_576;

/**
 * Asks at a control socket; resolves with the head of the answer. Rejects with ControlError, and with SystemError of
 * connect; so does the answer with what ends it early.
 */
export async function exchange(
  control: string,
  path: string,
  { method = 'GET', timeoutMs = ANSWER_MS, isEndless = false, signal }: ExchangeOptions,
): Promise<IncomingMessage> {
  const socket = await connectTo(control);
  const sent: ClientRequest = request({
    createConnection: () => socket,
    path,
    method,
    ...(signal && { signal }),
  });
  let answer: IncomingMessage | undefined;
  const timer = setTimeout(() => {
    const message = `no answer on ${control} within ${timeoutMs / 1_000} s: it may be stopped`;
    (answer ?? sent).destroy(new ControlError('ERR_IVSHMEM_NO_ANSWER', message));
  }, timeoutMs);
  sent.on('close', () => {
    clearTimeout(timer);
  });
  return new Promise((resolve, reject) => {
    sent.on('response', (response) => {
      if (isEndless) clearTimeout(timer);
      answer = response;
      resolve(response);
    });
    sent.on('error', (error: NodeJS.ErrnoException) => {
      reject(error.code?.startsWith('HPE_') ? notControl(control) : error);
    });
    sent.end();
  });
}

// At once, or not at all: https://man7.org/linux/man-pages/man7/unix.7.html
async function connectTo(control: string): Promise<Socket> {
  using held = HeldSocket.at(control);
  const socket = connect(held.path);
  try {
    await once(socket, 'connect');
    return socket;
  } catch (error) {
    throw connectError(error, control);
  }
}

/** All of the answer on a control socket. Rejects with ControlError where it is too long. */
export async function textOf(response: IncomingMessage, control: string): Promise<string> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    bytes += chunk.length;
    if (bytes > MAX_ANSWER_BYTES) throw tooLong(control);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

/** An answer line by line, as they come; what is behind the last one is not told. Rejects as `textOf`. */
export async function* linesOf(
  response: IncomingMessage,
  control: string,
): AsyncGenerator<string, void> {
  let rest = '';
  for await (const chunk of response.setEncoding('utf8')) {
    const lines = `${rest}${chunk as string}`.split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > MAX_LINE_CHARACTERS) throw tooLong(control);
    yield* lines;
  }
}

/** The error of who answers as no control socket does. */
export function notControl(control: string): ControlError {
  const message = `what answers on ${control} is no control socket of ivshmem`;
  return new ControlError('ERR_IVSHMEM_NOT_CONTROL', message);
}

function tooLong(control: string): ControlError {
  const message = `the answer on ${control} is longer than any of ivshmem is`;
  return new ControlError('ERR_IVSHMEM_NOT_CONTROL', message);
}

// Asking a server what its region is, without joining it. See src/protocol/answer.ts.
//
// Rule 1: only a socket for host commands is asked: to connect to that of the VMs is to join.
// Rule 2: who listens there may be anybody: what it sends is bounded in time and length, and the first
//         byte that no answer begins with ends the reading.
// Rule 3: where everybody may put a socket, a stranger may have been first, and would tell us what to give
//         a VM: only root and we ourselves are believed there.
import { randomBytes } from 'node:crypto';
import { realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import type { Fd } from '../../native/fd.js';
import { MessageReceiver } from '../../native/message-receiver.js';
import { peerCredentials } from '../../native/unix-socket.js';
import { Watch } from '../../native/watch.js';
import { decodeAnswer, QUESTION_PREFIX, type RegionDescription } from '../protocol/answer.js';
import { MESSAGE_BYTES } from '../protocol/wire.js';
import { connect } from './connect.js';
import { refusedBy } from './inbound.js';
import { PeerError } from './peer-error.js';
import { waitFor, type WaitOptions } from './waiting.js';

const ANSWER_TIMEOUT_MS = 5_000;
const MAX_ANSWER_BYTES = 16_384;
const MAX_ERRNO = 4_096n;
const FIRST_BYTE = '{'.charCodeAt(0);
const STICKY_OR_OPEN = 0o1002;

/** What a server told, and who the kernel says that it is. */
export interface AnsweredRegion extends RegionDescription {
  /** The server's process as it is seen from here; 0: it cannot be seen. */
  readonly visiblePid: number;
}

/**
 * What the region behind a socket for host commands is; nobody but its server notices. Default of
 * `timeoutMs`: 5,000. Rejects with SystemError (ENOENT, ECONNREFUSED, EACCES, …), PeerError
 * ERR_IVSHMEM_TIMEOUT, _HANG_UP, _STRANGER, ProtocolError ERR_IVSHMEM_ANSWER, _REFUSED (see `Peer.connect`).
 */
export async function ask(
  hostSocket: string,
  { timeoutMs = ANSWER_TIMEOUT_MS, signal }: WaitOptions = {},
): Promise<AnsweredRegion> {
  const end = performance.now() + timeoutMs;
  // Nobody else can have bound it: the name is for this question alone.
  const ownName = `${QUESTION_PREFIX}${process.pid}/${randomBytes(8).toString('hex')}`;
  using socket = await connect(hostSocket, { timeoutMs, signal, ownName });
  const { uid, pid } = peerCredentials(socket);
  checkServer(uid, hostSocket);
  const left = Math.max(0, end - performance.now());
  const answer = await readAnswer(socket, { timeoutMs: left, signal });
  const refusal = refusalIn(answer);
  if (refusal !== undefined) throw refusedBy(refusal);
  if (answer.length > 0) return { ...decodeAnswer(answer.toString()), visiblePid: pid };
  throw new PeerError('ERR_IVSHMEM_HANG_UP', 'the server closed without an answer');
}

// The kernel says who began to listen; who made the directories is believed.
function checkServer(uid: number, hostSocket: string): void {
  if (uid === 0 || uid === process.geteuid?.()) return;
  const open = [hostSocket, realpathSync(hostSocket)]
    .map((file) => path.dirname(file))
    .find((directory) => (statSync(directory).mode & STICKY_OR_OPEN) !== 0);
  if (open === undefined) return;
  throw new PeerError(
    'ERR_IVSHMEM_STRANGER',
    `user ${uid} serves on ${hostSocket}, and anybody may put a socket into ${open}`,
  );
}

// Who may not join is told as if it wanted to: by a version that is a negative errno.
function refusalIn(answer: Buffer): number | undefined {
  if (answer.length !== MESSAGE_BYTES || answer[0] === FIRST_BYTE) return undefined;
  const number = answer.readBigInt64LE();
  return number < 0n && number > -MAX_ERRNO ? Number(number) : undefined;
}

function readAnswer(socket: Fd, options: WaitOptions): Promise<Buffer> {
  const reader = new AnswerReader(socket);
  return waitFor<Buffer>(
    options,
    ({ resolve, reject }) => {
      const watch = new Watch(socket, { readable: true, writable: false }, () => {
        try {
          const answer = reader.read();
          if (answer !== undefined) resolve(answer);
        } catch (error) {
          reject(error as Error);
        }
      });
      return () => watch.close();
    },
    ({ reject }) =>
      reject(new PeerError('ERR_IVSHMEM_TIMEOUT', 'the server did not answer in time')),
  );
}

class AnswerReader {
  readonly #socket: Fd;
  readonly #receiver = new MessageReceiver();
  #bytes = Buffer.alloc(0);

  constructor(socket: Fd) {
    this.#socket = socket;
  }

  /** All that came, once it is over or can be no answer; undefined when more is to come. */
  read(): Buffer | undefined {
    while (this.#mayBeAnswer) {
      const received = this.#receiver.receive(this.#socket, Infinity);
      if (received === undefined) return undefined;
      received.fd?.close();
      if (received.bytes.length === 0) break;
      this.#bytes = Buffer.concat([this.#bytes, received.bytes]);
    }
    return this.#bytes;
  }

  get #mayBeAnswer(): boolean {
    const { length } = this.#bytes;
    return length === 0 || (this.#bytes[0] === FIRST_BYTE && length < MAX_ANSWER_BYTES);
  }
}

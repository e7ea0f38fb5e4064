// A server that does what a test says: it sends these bytes, with these descriptors, and then
// nothing, or its end. No server of ours would.
//
// Rule 1: bytes are the test's, in hex; nothing here knows the protocol, and nothing comes from `src`.
// Rule 2: descriptors are sent, not given away: the test has them until it ends.
import { createEventfd } from '../../native/eventfd.js';
import type { Fd } from '../../native/fd.js';
import { addressOf, libc } from '../../native/libc.js';
import { createMemfd, resizeMemory } from '../../native/memory.js';
import {
  acceptSocket,
  bindSocket,
  createUnixSocket,
  listenSocket,
  unreadByPeer,
} from '../../native/unix-socket.js';
import { temp, type Scope } from './temp.js';
import { until } from './until.js';

/** One message: bytes in hex, and what goes with the first of them. */
export type Sent = readonly [hex: string, ...fds: Fd[]];

const MSG_NOSIGNAL = 0x4000;

/** A listening socket, closed when the test ends, as is all that it accepted. */
export class ScriptServer {
  readonly socket: string;
  /** The memory of a page that tests send, and two doorbells. */
  readonly memory: Fd;
  readonly doorbells: readonly [Fd, Fd];
  readonly #listener: Fd;
  readonly #open = new Set<Fd>();

  constructor(t: Scope, { backlog = 64 }: { readonly backlog?: number } = {}) {
    this.socket = `${temp(t)}/s`;
    this.#listener = createUnixSocket();
    bindSocket(this.#listener, this.socket);
    listenSocket(this.#listener, backlog);
    this.memory = createMemfd('script');
    resizeMemory(this.memory, 4096);
    this.doorbells = [createEventfd(), createEventfd()];
    for (const fd of [this.#listener, this.memory, ...this.doorbells]) this.#open.add(fd);
    t.teardown(() => {
      for (const fd of this.#open) fd.close();
    });
  }

  /** Resolves with the next connection. */
  async accept(): Promise<ScriptConnection> {
    const socket = await until('somebody connects', () => acceptSocket(this.#listener));
    this.#open.add(socket);
    return new ScriptConnection(socket);
  }

  /** Accepts once and sends all of this. */
  async serve(messages: readonly Sent[]): Promise<ScriptConnection> {
    const connection = await this.accept();
    for (const message of messages) connection.send(...message);
    return connection;
  }

  /** Nobody listens any more; who is connected stays. */
  close(): void {
    this.#listener.close();
  }
}

/** One peer's connection, seen from the server. */
export class ScriptConnection {
  readonly #socket: Fd;

  constructor(socket: Fd) {
    this.#socket = socket;
  }

  /** Sends bytes, and descriptors with the first of them. Throws when the kernel does not take all. */
  send(hex: string, ...fds: readonly Fd[]): void {
    const bytes = Buffer.from(hex, 'hex');
    if (libc.sendmmsg(this.#socket.rawFd, encode(bytes, fds), 1, MSG_NOSIGNAL) !== 1) {
      throw new Error('the kernel did not take it: the peer is gone, or does not read');
    }
  }

  /** Resolves when the peer has read all. */
  async isRead(): Promise<void> {
    await until('the peer reads all', () => unreadByPeer(this.#socket) === 0);
  }

  /** Ends the stream; again does nothing. */
  close(): void {
    this.#socket.close();
  }
}

const memory = new ArrayBuffer(512);

// struct mmsghdr at 0, iovec at 64, cmsghdr at 80 with up to 8 descriptors at 96, the bytes at 128.
function encode(bytes: Uint8Array, fds: readonly Fd[]): bigint {
  const view = new DataView(memory);
  const address = addressOf(memory);
  new Uint8Array(memory).fill(0).set(bytes, 128);
  view.setBigUint64(16, address + 64n, true); // msg_iov
  view.setUint32(24, 1, true); // msg_iovlen
  view.setBigUint64(64, address + 128n, true); // iov_base
  view.setUint32(72, bytes.length, true); // iov_len
  if (fds.length === 0) return address;
  const length = 16 + 4 * fds.length; // CMSG_LEN
  view.setBigUint64(32, address + 80n, true); // msg_control
  view.setUint32(40, length, true); // msg_controllen
  view.setUint32(80, length, true); // cmsg_len
  view.setInt32(88, 1, true); // SOL_SOCKET
  view.setInt32(92, 1, true); // SCM_RIGHTS
  fds.forEach(({ rawFd }, index) => view.setInt32(96 + 4 * index, rawFd, true));
  return address;
}

// A UNIX datagram socket that is read when the test says so: what a service manager listens on.
// Rule 1: it is the kernel's own, without unix-dgram: what is under test does not judge itself.
import { bindAbstractName } from '../../native/abstract-name.js';
import { Fd } from '../../native/fd.js';
import { libc, staticMemory } from '../../native/libc.js';
import { check, checkReady } from '../../native/system-error.js';
import { bindSocket } from '../../native/unix-socket.js';
import { temp, type Scope } from './temp.js';
import { until } from './until.js';

const AF_UNIX = 1;
const SOCK_DGRAM_FLAGS = 2 | 0o4000 | 0o2000000; // SOCK_DGRAM | SOCK_NONBLOCK | SOCK_CLOEXEC
const MSG_DONTWAIT = 0x40;
const incoming = staticMemory(4_096);

export class Datagrams {
  /** What NOTIFY_SOCKET is to say. */
  readonly address: string;
  readonly #fd: Fd;
  readonly #all: string[] = [];

  /** Binds a path of its own, or an abstract name given as `@name`; closed with the test. */
  constructor(t: Scope, address = `${temp(t)}/notify`) {
    this.address = address;
    this.#fd = new Fd(check(libc.socket(AF_UNIX, SOCK_DGRAM_FLAGS, 0), 'socket'));
    t.teardown(() => {
      this.close();
    });
    if (address.startsWith('@')) bindAbstractName(this.#fd, address.slice(1));
    else bindSocket(this.#fd, address);
  }

  /** All that came until now. */
  get all(): readonly string[] {
    for (let text = this.#next(); text !== undefined; text = this.#next()) this.#all.push(text);
    return this.#all;
  }

  /** Resolves with the first, from the one with this index on, that has this line. */
  async wait(line: string, from = 0): Promise<string> {
    const hasLine = (text: string): boolean => text.split('\n').includes(line);
    return until(`the datagram ${line}`, () => this.all.slice(from).find(hasLine));
  }

  /** Goes away; again does nothing. */
  close(): void {
    this.#fd.close();
  }

  #next(): string | undefined {
    const { address, view } = incoming;
    const length = checkReady(
      libc.recv(this.#fd.rawFd, address, view.byteLength, MSG_DONTWAIT),
      'recv',
    );
    return length === undefined ? undefined : Buffer.from(view.buffer, 0, length).toString();
  }
}

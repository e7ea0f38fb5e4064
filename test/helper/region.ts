// A region in the test's own process, through the library, for tests in which the server lives on.
// Rule 1: what the server tells is kept from the start: a test asks afterwards, and misses nothing.
import { Server, type RefusedPeer, type ServerOptions } from '../../src/index.js';
import { temp, type Scope } from './temp.js';
import { until } from './until.js';

export class Region {
  readonly server: Server;
  readonly socket: string;
  readonly refusals: RefusedPeer[] = [];
  /** IDs of slots, once made; they stay. */
  readonly slots = new Set<number>();
  joins = 0;
  leaves = 0;

  private constructor(server: Server, socket: string) {
    this.server = server;
    this.socket = socket;
    server.on('join', ({ id, isHost, name }) => {
      this.joins += 1;
      if (isHost || name !== undefined) this.slots.add(id);
    });
    server.on('leave', () => (this.leaves += 1));
    server.on('refuse', (refusal) => this.refusals.push(refusal));
  }

  /** Path of the socket for host commands; there has to be one. */
  get hostSocket(): string {
    if (this.server.hostSocket === undefined) throw new Error('there is no host socket');
    return this.server.hostSocket;
  }

  /** Who is there for everybody: peers, and slots with and without owner; ascending. */
  get present(): number[] {
    const ids = new Set([...this.slots, ...this.server.peers.map(({ id }) => id)]);
    return [...ids].sort((a, b) => a - b);
  }

  /** Serves 4 MiB and 1 vector unless told otherwise, in a directory of its own, until the test ends. */
  static async listen(t: Scope, options: Partial<ServerOptions>): Promise<Region> {
    return Region.#listen(t, { socket: `${temp(t)}/s`, ...options });
  }

  /** The same with a socket for host commands beside the other. */
  static async listenWithHost(t: Scope, options: Partial<ServerOptions>): Promise<Region> {
    const socket = `${temp(t)}/s`;
    return Region.#listen(t, { socket, hostSocket: `${socket}.host`, ...options });
  }

  static async #listen(t: Scope, options: ServerOptions): Promise<Region> {
    const { socket } = options;
    const server = await Server.listen({ size: 4 * 1024 ** 2, vectors: 1, ...options });
    t.teardown(() => server.close());
    return new Region(server, socket);
  }

  /** Resolves when so many peers have joined since the start. */
  async joined(count: number): Promise<void> {
    await until(`join number ${count}`, () => this.joins >= count);
  }

  /** Resolves when so many peers have left since the start. */
  async left(count: number): Promise<void> {
    await until(`leave number ${count}`, () => this.leaves >= count);
  }

  /** Resolves with the first refusal, at once when there was one. */
  async refused(): Promise<RefusedPeer> {
    return until('a refusal', () => this.refusals[0]);
  }
}

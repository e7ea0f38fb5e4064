// A lab of a server that is a process with a control socket, and whoever joins it.
import { ControlClient } from '../../src/control/client.js';
import type { PeerStatus, ServerStatus } from '../../src/control/status.js';
import { Serve } from './serve.js';
import { temp, type Scope } from './temp.js';
import { until } from './until.js';

/** Where a lab is. */
export interface Place {
  /** Of its sockets. Default: a new one. */
  readonly directory?: string;
  /** Goes before the command: `asUser`. */
  readonly within?: readonly string[];
  /** RLIMIT_NOFILE. */
  readonly fdLimit?: number;
}

export class Lab {
  readonly serve: Serve;
  readonly socket: string;
  readonly control: string;
  /** The words that it was started with. */
  readonly args: readonly string[];

  private constructor(serve: Serve, directory: string, args: readonly string[]) {
    this.serve = serve;
    this.socket = `${directory}/s`;
    this.control = `${directory}/control`;
    this.args = args;
  }

  /** Serves; `words` are more options. */
  static async start(t: Scope, words: readonly string[] = [], place: Place = {}): Promise<Lab> {
    const { directory = temp(t), ...options } = place;
    const args = ['--socket', `${directory}/s`, '--control', `${directory}/control`, ...words];
    return new Lab(await Serve.start(t, args, options), directory, args);
  }

  status = (): Promise<ServerStatus> => new ControlClient(this.control).status();

  get peers(): Promise<readonly PeerStatus[]> {
    return this.status().then(({ regions }) => regions.flatMap(({ peers }) => peers));
  }

  /** Resolves when so many peers are there, and each has read all that there is to tell. */
  async settled(count: number): Promise<void> {
    await until(`${count} peers have read all`, async () => {
      const peers = await this.peers;
      return (
        peers.length === count && peers.every(({ unread, isBehind }) => unread === 0 && !isBehind)
      );
    });
  }
}

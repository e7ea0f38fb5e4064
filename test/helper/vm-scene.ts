// A region in which some VMs have a name and a socket of their own, and a witness who is told of all.
// Rule 1: what the witness is told is counted: `news` is 0 exactly when the server sent it nothing.
import { chmodSync } from 'node:fs';
import type { VmOptions, ServerOptions } from '../../src/index.js';
import { Ledger } from './ledger.js';
import { Region } from './region.js';
import { StrictPeer } from './strict-peer.js';
import { temp, type Scope } from './temp.js';
import { until } from './until.js';

/** Doorbells of each. */
export const vectors = 2;

export class VmScene {
  readonly region: Region;
  readonly witness: StrictPeer;
  readonly #t: Scope;
  readonly #ledger: Ledger;

  private constructor(t: Scope, region: Region, witness: StrictPeer, ledger: Ledger) {
    this.#t = t;
    this.region = region;
    this.witness = witness;
    this.#ledger = ledger;
  }

  /** VMs by name, each with a socket of its own, `SOCKET/NAME`, unless how else it is known is said. */
  static async open(
    t: Scope,
    vms: Readonly<Record<string, Omit<VmOptions, 'name'>>>,
    options: Partial<ServerOptions> = {},
  ): Promise<VmScene> {
    const directory = temp(t);
    chmodSync(directory, 0o755); // other users are let in by the mode of the sockets alone
    const isKnown = (vm: object): boolean => 'user' in vm || 'qemuName' in vm || 'unit' in vm;
    const named = Object.entries(vms).map(([name, vm]) => ({
      name,
      ...vm,
      ...((vm.socket !== undefined || !isKnown(vm)) && { socket: `${directory}/${name}` }),
    }));
    const socket = `${directory}/s`;
    const region = await Region.listen(t, { socket, vectors, ...options, vms: named });
    const ledger = new Ledger();
    const own = { vectors, ledger, rings: true, hasFixedIds: true };
    return new VmScene(t, region, await StrictPeer.join(t, socket, own), ledger);
  }

  socketOf(name: string): string {
    return this.region.socket.replace(/s$/, name);
  }

  /** Comes and has all its own doorbells, or is refused; through the region's socket without a name. */
  join(name = 's'): Promise<StrictPeer> {
    return StrictPeer.join(this.#t, this.socketOf(name), this.#options);
  }

  /** Comes, and has read nothing yet. */
  connect(name = 's'): StrictPeer {
    const peer = StrictPeer.connect(this.socketOf(name), this.#options);
    this.#t.teardown(() => {
      peer.close();
    });
    return peer;
  }

  /** Resolves when the server has seen it go. */
  async part(...peers: StrictPeer[]): Promise<void> {
    const left = this.region.leaves + peers.length;
    for (const peer of peers) peer.close();
    await this.region.left(left);
  }

  /** Resolves when the witness knows these, and all of each. */
  async knows(...ids: number[]): Promise<void> {
    await until(`the witness knows ${ids.join(', ')}`, () => {
      this.witness.read();
      const { told } = this.witness;
      return told.size === ids.length && ids.every((id) => told.get(id) === vectors);
    });
  }

  /** Messages that came to the witness since it last read. */
  get news(): number {
    return this.witness.read();
  }

  get #options() {
    return { vectors, ledger: this.#ledger, rings: true, hasFixedIds: true };
  }
}

// A region in which some VMs have a name and a socket of their own, and a witness who is told of all.
// Rule 1: what the witness is told is counted: `news` is 0 exactly when the server sent it nothing.
import { chmodSync } from 'node:fs';
import path from 'node:path';
import type { VmOptions, ServerOptions } from '../../src/index.js';
import type { Unchanged } from '../../src/server/change.js';
import { Ledger } from './ledger.js';
import { Region } from './region.js';
import { StrictPeer } from './strict-peer.js';
import { temp, type Scope } from './temp.js';
import { until } from './until.js';

/** What is said of VMs, by name. */
export type Vms = Readonly<Record<string, Omit<VmOptions, 'name'>>>;

interface Own {
  readonly ledger: Ledger;
  readonly options: ServerOptions;
}

/** Doorbells of each. */
export const vectors = 2;

export class VmScene {
  readonly region: Region;
  readonly witness: StrictPeer;
  readonly #t: Scope;
  readonly ledger: Ledger;
  readonly #options: ServerOptions;

  private constructor(t: Scope, region: Region, witness: StrictPeer, own: Own) {
    this.#t = t;
    this.region = region;
    this.witness = witness;
    this.ledger = own.ledger;
    this.#options = own.options;
  }

  /** VMs by name, each with a socket of its own, `SOCKET/NAME`, unless how else it is known is said. */
  static async open(t: Scope, vms: Vms, more: Partial<ServerOptions> = {}): Promise<VmScene> {
    const directory = temp(t);
    chmodSync(directory, 0o755); // other users are let in by the mode of the sockets alone
    const socket = `${directory}/s`;
    const options = { socket, vectors, ...more };
    const region = await Region.listen(t, { ...options, vms: named(directory, vms) });
    const ledger = new Ledger();
    const peer = { vectors, ledger, rings: true, hasFixedIds: true };
    return new VmScene(t, region, await StrictPeer.join(t, socket, peer), { ledger, options });
  }

  /** These are its VMs from now on; gives what was not done. */
  change(vms: Vms, more: Partial<ServerOptions> = {}): readonly Unchanged[] {
    const directory = path.dirname(this.region.socket);
    return this.region.server.change({ ...this.#options, ...more, vms: named(directory, vms) })
      .unchanged;
  }

  socketOf(name: string): string {
    return this.region.socket.replace(/s$/, name);
  }

  /** Comes and has all its own doorbells, or is refused; through the region's socket without a name. */
  join(name = 's'): Promise<StrictPeer> {
    return StrictPeer.join(this.#t, this.socketOf(name), this.#peerOptions);
  }

  /** Comes, and has read nothing yet. */
  connect(name = 's'): StrictPeer {
    const peer = StrictPeer.connect(this.socketOf(name), this.#peerOptions);
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

  get #peerOptions() {
    return { vectors, ledger: this.ledger, rings: true, hasFixedIds: true };
  }
}

function named(directory: string, vms: Vms): VmOptions[] {
  const isKnown = (vm: object): boolean => 'user' in vm || 'qemuName' in vm || 'unit' in vm;
  return Object.entries(vms).map(([name, vm]) => ({
    name,
    ...vm,
    ...((vm.socket !== undefined || !isKnown(vm)) && {
      socket: path.resolve(directory, vm.socket ?? name),
    }),
  }));
}

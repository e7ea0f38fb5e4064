// A server: one region on its sockets, from the options to the last descriptor.
//
// Rule 1: setup order, each undone in reverse when a later one fails: options, what `setup.ts` sets
//         up, then connections.
import { EventEmitter } from 'node:events';
import path from 'node:path';
import type { ReloadReport } from '../protocol/answer.js';
import type { Acceptor } from './acceptor.js';
import type { Door, Policy } from './admission-check.js';
import { merged, unchangeable, type Change } from './change.js';
import { OptionsError } from './error.js';
import type { Counters } from './counters.js';
import { DescriptorBudget } from './descriptor-budget.js';
import { Doors } from './doors.js';
import { Ending, type CloseOptions } from './ending.js';
import { evict, type EvictOptions } from './eviction.js';
import { inFlightOfProcess } from './in-flight.js';
import { inspectPeers, type PeerInspection } from './inspection.js';
import type { Listening } from './listening.js';
import type { RegionMemory } from './memory.js';
import { checkOptions, type CheckedOptions, type ServerOptions } from './options.js';
import { Failures } from './failures.js';
import { describer } from './question.js';
import { receiveAt } from './reception.js';
import { Region } from './region.js';
import { setUp } from './setup.js';
import {
  describePeer,
  descriptorsWarning,
  FEW_IDS,
  idsWarning,
  unreadWarning,
  type RegionPeer,
  type RegionVm,
  type ServerEvents,
  type ServerWarning,
} from './server-events.js';
import { VmChange } from './vm-change.js';

/** A server that is all there but for its sockets. Either ends it. */
export interface PreparedServer {
  /** From now on peers can connect. */
  readonly open: () => Server;
  /** Puts everything away as if it had never been; never throws. */
  readonly undo: () => void;
}

/** One region on its sockets. `await using server = await Server.listen({ socket })`. */
export class Server extends EventEmitter<ServerEvents> implements AsyncDisposable {
  /** What the region is called, if it is called anything. */
  readonly name: string | undefined;
  /** Path of the socket. */
  readonly socket: string;
  /** Path of the socket for host commands, if there is one. */
  readonly hostSocket: string | undefined;
  readonly vectors: number;
  /** The label in the header of the memory, if one was asked for. */
  readonly label: string | undefined;
  readonly memory: Pick<RegionMemory, 'kind' | 'path' | 'sizeBytes' | 'isAdopted'>;
  readonly #memory: RegionMemory;
  readonly #budget: DescriptorBudget;
  #admitted: number;
  readonly #region: Region;
  readonly #doors = new Doors((listener, vm) => this.#accept(listener, vm));
  #options: CheckedOptions;
  #closed: Promise<void> | undefined;
  readonly #ending = new Ending();
  #hasWarnedOfIds = false;

  /**
   * Serves until closed. Rejects with OptionsError (called wrongly), ServerError (the socket or memory is
   * in use, is something else, does not fit), SystemError (EACCES, ENOENT, ENAMETOOLONG, …); nothing
   * is left behind then.
   */
  static async listen(options: ServerOptions): Promise<Server> {
    return (await Server.prepare(options)).open();
  }

  /** The same in two steps: nobody can connect before the second. Either may fail as `listen` does. */
  static async prepare(options: ServerOptions): Promise<PreparedServer> {
    const checked = checkOptions(options);
    const setup = await setUp(checked);
    const open = (): Server => {
      try {
        return new Server(checked, setup.memory, setup.listen());
      } catch (error) {
        setup.undo();
        throw error;
      }
    };
    return { open, undo: setup.undo };
  }

  private constructor(
    options: CheckedOptions,
    memory: RegionMemory,
    listeners: readonly Listening[],
  ) {
    super();
    this.name = options.name;
    this.socket = options.socket;
    this.hostSocket = options.hostSocket;
    this.vectors = options.vectors;
    this.label = options.label;
    this.#budget = new DescriptorBudget(options.vectors, listeners.length);
    this.#admitted = this.#peersBeside(options.namedVms.length, listeners.length);
    this.#options = options;
    this.memory = memory;
    this.#memory = memory;
    this.#region = this.#createRegion(options);
    try {
      for (const listener of listeners) this.#doors.add(listener, vmOf(listener, options));
    } catch (error) {
      this.#doors.stopAccepting(new Failures());
      throw error;
    }
  }

  /** What whoever asks is told of the configuration that this region is from, if it is from one. */
  reload: ReloadReport | undefined;

  /** Whether the memory has a name that stays when the server ends. */
  get keepsMemory(): boolean {
    const isNamed = this.memory.kind === 'shm' || this.memory.kind === 'file';
    return isNamed && this.#options.unlinkMemory !== true;
  }

  /** Peers at a time, without host commands and VMs that have a name. */
  get maxPeers(): number {
    return this.#options.maxPeers ?? Math.max(1, this.#admitted);
  }

  #peersBeside(vms: number, sockets: number): number {
    const slots = vms + (this.hostSocket === undefined ? 0 : 1);
    return this.#budget.peersBeside({ sockets, slots });
  }

  /**
   * Takes over the options that may change while peers are attached: what is asked of newcomers, VMs that
   * have a name, mode and group of the sockets. Those that cannot stay as they were. Throws OptionsError, and
   * nothing has changed then.
   */
  change(options: ServerOptions): Change {
    const asked = checkOptions(options);
    const next = merged(this.#options, asked);
    if (this.#closed !== undefined) return { unchanged: [] };
    const error = this.#admit(next);
    this.#options = next;
    const vms = new VmChange(this.#region, this.#doors, next).make();
    this.#admitted = this.#peersBeside(this.#region.vms.length, this.#doors.count);
    this.#region.policy = this.#policy;
    return { unchanged: [...unchangeable(next, asked), ...vms], error };
  }

  // What cannot be done for a socket keeps nothing else from being done. Throws OptionsError.
  #admit(next: CheckedOptions): Error | undefined {
    try {
      this.#doors.admit(next);
      return undefined;
    } catch (error) {
      if (error instanceof OptionsError) throw error;
      return error as Error;
    }
  }

  /** Makes this user the owner of what was made by name. Throws SystemError (EPERM), ServerError. */
  giveTo(uid: number): void {
    this.#doors.giveTo(uid);
    this.#memory.giveTo(uid);
  }

  get #policy(): Policy {
    const { allowExcessVectors = false, accessRules, maxPeersPerUser } = this.#options;
    return { maxPeers: this.maxPeers, allowExcessVectors, accessRules, maxPeersPerUser };
  }

  /** Who is there, in the order of their joins. */
  get peers(): RegionPeer[] {
    return this.#region.connections.map(describePeer);
  }

  /** VMs that have a name, in the order of the options. */
  get vms(): RegionVm[] {
    return this.#region.vms.map(({ vm: { name, socket }, slot: { id, owner } }) => ({
      name,
      id,
      socket,
      peer: owner && describePeer(owner),
    }));
  }

  /** What has happened since it is there. */
  get counters(): Readonly<Counters> {
    return this.#region.counters;
  }

  /** A closer look at peers, one after the other: each costs some questions to the kernel. */
  inspectPeers(): Generator<PeerInspection> {
    return inspectPeers(this.#region);
  }

  /**
   * Cuts a peer off: it keeps memory and doorbells, and the others are told that it left. Rejects with
   * ServerError ERR_IVSHMEM_NO_SUCH_PEER, ERR_IVSHMEM_FIXED_ID, and ERR_IVSHMEM_UNREAD when that might harm it.
   */
  async evict(id: number, options?: EvictOptions): Promise<RegionPeer> {
    return describePeer(await evict(this.#region, id, options));
  }

  /** Peer IDs that can still be given, of 65,536. */
  get idsLeft(): number {
    return this.#region.membership.idsLeft;
  }

  /** What at the start can be seen to become a problem. */
  get limitWarning(): ServerWarning | undefined {
    if (this.maxPeers <= this.#admitted) return undefined;
    const peers = this.maxPeers + this.vms.length;
    const demand = this.#budget.demandOf(peers, this.peers.length);
    return descriptorsWarning({ peers, vectors: this.vectors, ...demand });
  }

  /**
   * Ends the server: no new connections, those who queue are refused, peers get the time to read what
   * they are owed, then the process lets go. Attached peers keep memory and doorbells and are not
   * told. Idempotent: every call gives the same promise; a later one can only shorten the time.
   * A newcomer that the kernel does not let us give its welcome to is waited for all the same, for up
   * to a minute: a QEMU hangs if it ends there. Rejects with the first thing that could not be put
   * away (EACCES: the directory is not ours any more), when all the rest is.
   */
  close(options: CloseOptions = {}): Promise<void> {
    this.#ending.ask(options);
    this.#closed ??= this.#close();
    return this.#closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  async #close(): Promise<void> {
    const failures = new Failures();
    this.#region.stop();
    this.#doors.shutAll(failures);
    await this.#ending.wait(this.#region);
    failures.attempt(() => {
      this.#warnOfPeersBehind();
    });
    this.#doors.stopAccepting(failures);
    failures.attempt(() => this.#region.close());
    if (this.#options.unlinkMemory) failures.attempt(() => this.#memory.unlink());
    failures.attempt(() => this.#memory.close());
    this.#doors.close(failures);
    failures.throwFirst();
  }

  #accept(listener: Listening, vm: string | undefined): Acceptor {
    const isHost = listener.path === this.hostSocket;
    const door: Door = { path: path.resolve(listener.path), isHost, vm };
    return receiveAt(listener, door, {
      region: this.#region,
      describe: describer(this, this.#memory),
      onTrouble: (error) => {
        if (this.listenerCount('error') > 0) this.emit('error', error);
      },
    });
  }

  #createRegion(options: CheckedOptions): Region {
    return new Region(
      {
        memory: this.#memory.fd,
        vectors: options.vectors,
        policy: this.#policy,
        inFlight: inFlightOfProcess(),
        vms: options.namedVms,
      },
      {
        onJoin: (connection) => {
          this.emit('join', describePeer(connection));
          this.#warnOfIds();
        },
        onLeave: (connection, reason) => this.emit('leave', describePeer(connection), reason),
        onRefuse: (refused, credentials) => this.emit('refuse', { ...refused, credentials }),
      },
    );
  }

  #warnOfPeersBehind(): void {
    const behind = this.#region.peersBehind;
    if (behind > 0) this.emit('warning', unreadWarning(behind));
  }

  #warnOfIds(): void {
    const isFew = this.idsLeft < FEW_IDS;
    if (isFew && !this.#hasWarnedOfIds) this.emit('warning', idsWarning(this.idsLeft));
    this.#hasWarnedOfIds = isFew;
  }
}

function vmOf({ path: socket }: Listening, { namedVms }: CheckedOptions): string | undefined {
  return namedVms.find((vm) => vm.socket === socket)?.name;
}

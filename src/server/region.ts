// A region: one shared memory and its peers. Connections come in here, are taken or refused, told
// of each other, and leave.
//
// Rule 1: a join is whole or not at all: doorbells, ID and watch are all there before the first
//         byte, or nothing is left of it but a refusal.
// Rule 2: every peer has a slot to itself. Most slots go with their owner. Of who takes one that was kept,
//         and of its end, nobody is told.
import type { Fd } from '../../native/fd.js';
import { MessageRows } from '../../native/message-batch.js';
import { SystemError } from '../../native/system-error.js';
import { peerCredentials, type PeerCredentials } from '../../native/unix-socket.js';
import { Membership, type PeerState } from '../protocol/membership.js';
import { MEMORY_MARK } from '../protocol/wire.js';
import { Admission } from './admission.js';
import type { Door, Policy } from './admission-check.js';
import { Connection, hangUpOf, type LeaveReason } from './connection.js';
import { Counters } from './counters.js';
import { FanOut } from './fan-out.js';
import { Identity } from './identity.js';
import type { InFlight } from './in-flight.js';
import { keepRoom } from './kept-room.js';
import type { NamedVm } from './named-vm.js';
import { QemuGuard } from './qemu-guard.js';
import { kernelRefusal, sentData, stopping, type Refusal } from './refusal.js';
import { Refuser } from './refuser.js';
import { Slot, type Place } from './slot.js';
import { Slots, type Known } from './slots.js';

/** What a region tells of itself. */
export interface RegionEvents {
  onJoin(connection: Connection): void;
  onLeave(connection: Connection, reason: LeaveReason): void;
  onRefuse(refused: Refusal, credentials: PeerCredentials | undefined): void;
}

/** How a region is set up. */
export interface RegionOptions {
  /** The memory; the region owns this descriptor. */
  readonly memory: Fd;
  readonly vectors: number;
  readonly policy: Policy;
  readonly inFlight: InFlight;
  /** VMs that have a name. Default: none. */
  readonly vms?: readonly NamedVm[] | undefined;
}

/** One region. */
export class Region {
  readonly membership: Membership<MessageRows>;
  readonly counters = new Counters();
  readonly #memory: MessageRows;
  readonly #events: RegionEvents;
  readonly #inFlight: InFlight;
  readonly #guard: QemuGuard;
  readonly #admission: Admission;
  readonly #fanOut: FanOut;
  readonly #refuser = new Refuser();
  readonly #slots: Slots;
  readonly #endRoom: () => void;
  readonly #connections = new Map<PeerState<MessageRows>, Connection>();
  #isStopping = false;

  constructor(options: RegionOptions, events: RegionEvents) {
    const { memory, vectors, policy, inFlight, vms } = options;
    this.#events = events;
    this.#inFlight = inFlight;
    this.#memory = new MessageRows([{ number: MEMORY_MARK, fd: memory }]);
    this.membership = new Membership({ memory: this.#memory, vectors });
    this.#guard = new QemuGuard(
      vectors,
      (connection) =>
        this.membership.descriptorsOwed(connection.state) + inFlight.unreadOf(connection),
    );
    const { membership } = this;
    this.#slots = new Slots(membership, vms);
    this.#endRoom = keepRoom(this.#slots);
    this.#admission = new Admission({
      parts: { membership, slots: this.#slots, guard: this.#guard },
      policy,
      connections: () => this.connections,
      letGo: (connection) => this.#letGo(connection),
    });
    this.#fanOut = new FanOut(membership, inFlight, this.counters, (gone, reason) => {
      this.#leave(gone, reason);
    });
  }

  /** VMs that have a name, in the order in which a newcomer is compared with them. */
  get vms(): readonly Known[] {
    return this.#slots.known;
  }

  /** What is asked of newcomers from now on. */
  set policy(policy: Policy) {
    this.#admission.policy = policy;
  }

  /** Who has this slot; one that has gone, unseen until now, has not. */
  ownerOf(slot: Slot): Connection | undefined {
    return this.#admission.ownerOf(slot);
  }

  /** A VM is to be known as this from now on; see `Slots.put`. Attached peers are told of a slot that goes. */
  putVm(vm: NamedVm): void {
    this.#tell(this.#slots.put(vm));
  }

  /** The slot of a VM that is away goes, and attached peers are told of that. */
  removeVm(name: string): void {
    this.#tell(this.#slots.remove(name));
  }

  /** Compares newcomers with VMs in this order; those that are not in it come last. */
  sortVms(names: readonly string[]): void {
    this.#slots.sort(names);
  }

  /** In the order of their joins. */
  get connections(): readonly Connection[] {
    return [...this.#connections.values()];
  }

  /** Takes or refuses a connection that came through this door; owns its socket from now on. */
  receive(socket: Fd, door: Door): void {
    const startMs = performance.now();
    const hangUp = hangUpOf(socket);
    // Who has already gone costs no ID, and nobody is there to be told anything.
    if (hangUp !== undefined && hangUp !== 'sent data') {
      socket.close();
      return;
    }
    let credentials: PeerCredentials | undefined;
    try {
      credentials = peerCredentials(socket);
      const answer =
        this.#refusalNow(hangUp) ?? this.#admission.decide(new Identity(socket, credentials), door);
      if (answer instanceof Slot) {
        this.#join(socket, credentials, answer, startMs);
      } else this.refuse(socket, answer, credentials);
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      this.refuse(socket, kernelRefusal(error), credentials);
    }
  }

  /**
   * Whether who only asks is let in by no rule of access; it is refused then, and its socket this region's.
   */
  refusesStranger(socket: Fd): boolean {
    let refused: Refusal | undefined;
    let credentials: PeerCredentials | undefined;
    try {
      credentials = peerCredentials(socket);
      refused = this.#admission.checkStranger(new Identity(socket, credentials));
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      refused = kernelRefusal(error);
    }
    if (refused) this.refuse(socket, refused, credentials);
    return refused !== undefined;
  }

  // Who follows another at once may be seen before the end of that one. Whether that has gone.
  #letGo(connection: Connection): boolean {
    const hangUp = hangUpOf(connection.socket);
    if (hangUp !== undefined) this.#leave(connection, hangUp);
    return hangUp !== undefined;
  }

  #refusalNow(hangUp: LeaveReason | undefined): Refusal | undefined {
    if (this.#isStopping) return stopping();
    return hangUp === undefined ? undefined : sentData();
  }

  /** Refuses a connection, whose socket it owns from now on. */
  refuse(socket: Fd, refused: Refusal, credentials?: PeerCredentials): void {
    this.counters.countRefusal(refused.reason);
    this.#refuser.refuse(socket, refused.version);
    this.#events.onRefuse(refused, credentials);
  }

  /** From now on every connection is refused. */
  stop(): void {
    this.#isStopping = true;
  }

  get isStopping(): boolean {
    return this.#isStopping;
  }

  /**
   * How many peers have not been told or have not read everything. QEMU (7.2) may throw away what it
   * has not read when its server goes: vectors of its own among it, without which it aborts under KVM.
   */
  get peersBehind(): number {
    return this.connections.filter((peer) => this.isBehind(peer) || this.unreadOf(peer) > 0).length;
  }

  /** Whether there is more to tell this peer than it was sent. */
  isBehind({ state }: Connection): boolean {
    return !this.membership.isUpToDate(state);
  }

  /** Messages that this peer was sent and has not read. */
  unreadOf(connection: Connection): number {
    return this.#inFlight.unreadOf(connection);
  }

  /** The peer that has this ID. */
  connectionOf(id: number): Connection | undefined {
    return this.connections.find(({ state }) => state.id === id);
  }

  /** Whether this peer is a VM whose ID is given. */
  hasFixedId({ slot }: Connection): boolean {
    return this.#slots.isFixed(slot);
  }

  /** Whether the end of its connection takes nothing from this peer that it needs. */
  mayCutOff(connection: Connection): boolean {
    return this.membership.isSetUp(connection.state) && this.unreadOf(connection) === 0;
  }

  /** Cuts a peer off that may be, for good. */
  evict(connection: Connection): void {
    this.#leave(connection, 'evicted');
  }

  /** Whether somebody lacks part of the welcome: a QEMU hangs if it ends there. */
  get isWelcoming(): boolean {
    return this.membership.peers.some((peer) => this.membership.welcomeOwed(peer) > 0);
  }

  /** Whether those who were refused know it. */
  get hasRefusedAll(): boolean {
    return this.#refuser.isDone;
  }

  /** Ends all connections, without a word: peers keep memory and doorbells and go on. */
  close(): void {
    this.#fanOut.close();
    this.#refuser.close();
    for (const connection of this.connections) {
      this.#inFlight.remove(connection);
      connection.close();
      connection.slot.close();
    }
    this.#connections.clear();
    this.#slots.close();
    this.#endRoom();
    this.#memory.close();
  }

  // Throws SystemError, and leaves nothing of the join then; the socket stays the caller's.
  #join(socket: Fd, credentials: PeerCredentials, slot: Slot, startMs: number): void {
    const isNews = !slot.isAnnounced;
    const connection = slot.enter((place) => this.#connect(socket, credentials, place));
    this.#connections.set(connection.state, connection);
    if (isNews) this.#guard.countJoin();
    this.#guard.add(connection);
    this.#fanOut.greet(connection);
    this.counters.countJoin((performance.now() - startMs) / 1_000);
    for (const peer of isNews ? this.#connections.values() : [])
      if (peer !== connection) this.#fanOut.tell(peer);
    this.#events.onJoin(connection);
  }

  #connect(socket: Fd, credentials: PeerCredentials, place: Place): Connection {
    return new Connection(socket, credentials, place, {
      onHangUp: (gone: Connection, reason: LeaveReason) => {
        this.#leave(gone, reason);
      },
      onWritable: (writable: Connection) => {
        this.#fanOut.resume(writable);
      },
    });
  }

  #leave(connection: Connection, reason: LeaveReason): void {
    this.#connections.delete(connection.state);
    this.#fanOut.forget(connection);
    this.#inFlight.remove(connection);
    this.#guard.remove(connection);
    connection.close();
    this.counters.leaves += 1;
    const { slot } = connection;
    this.#tell(reason === 'evicted' ? slot.evict() : slot.leave());
    this.#events.onLeave(connection, reason);
  }

  #tell(peers: readonly PeerState<MessageRows>[]): void {
    for (const state of peers) {
      const connection = this.#connections.get(state);
      if (connection) this.#fanOut.tell(connection);
    }
  }
}

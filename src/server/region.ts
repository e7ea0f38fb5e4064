// A region: one shared memory and its peers. Connections come in here, are taken or refused, told
// of each other, and leave.
//
// Rule 1: a join is whole or not at all: doorbells, ID and watch are all there before the first
//         byte, or nothing is left of it but a refusal.
// Rule 2: who comes through the host's door has a slot, which outlives the connection: of who takes
//         one that is there, and of its end, nobody is told.
import type { Fd } from '../../native/fd.js';
import { MessageRows } from '../../native/message-batch.js';
import { SystemError } from '../../native/system-error.js';
import { peerCredentials, type PeerCredentials } from '../../native/unix-socket.js';
import { Membership, type PeerState } from '../protocol/membership.js';
import { joinMessages, MEMORY_MARK } from '../protocol/wire.js';
import { checkAccess, checkUserPeers } from './access.js';
import { refusalOf, type AdmissionRules, type Door } from './admission.js';
import { Connection, hangUpOf, type LeaveReason } from './connection.js';
import { createDoorbells } from './doorbells.js';
import { FanOut } from './fan-out.js';
import { HostSlots } from './host-slots.js';
import { Identity, type IdentityRule } from './identity.js';
import type { InFlight } from './in-flight.js';
import { QemuGuard } from './qemu-guard.js';
import { kernelRefusal, sentData, stopping, type Refusal } from './refusal.js';
import { Refuser } from './refuser.js';

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
  readonly maxPeers: number;
  /** See AdmissionRules. */
  readonly allowExcessVectors: boolean;
  readonly inFlight: InFlight;
  /** Who may join. Default: whoever comes. */
  readonly accessRules?: readonly IdentityRule[] | undefined;
  /** Of each user, at each door. Default: no limit. */
  readonly maxPeersPerUser?: number | undefined;
}

/** One region. */
export class Region {
  readonly membership: Membership<MessageRows>;
  readonly #memory: MessageRows;
  readonly #events: RegionEvents;
  readonly #inFlight: InFlight;
  readonly #guard: QemuGuard;
  readonly #rules: AdmissionRules;
  readonly #accessRules: readonly IdentityRule[] | undefined;
  readonly #maxPeersPerUser: number;
  readonly #fanOut: FanOut;
  readonly #refuser = new Refuser();
  readonly #slots: HostSlots;
  readonly #connections = new Map<PeerState<MessageRows>, Connection>();
  #isStopping = false;

  constructor(options: RegionOptions, events: RegionEvents) {
    const { memory, vectors, maxPeers, allowExcessVectors, inFlight } = options;
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
    this.#slots = new HostSlots(membership);
    const parts = { membership, slots: this.#slots, guard: this.#guard };
    this.#rules = { ...parts, maxPeers, allowExcessVectors };
    this.#accessRules = options.accessRules;
    this.#maxPeersPerUser = options.maxPeersPerUser ?? Infinity;
    this.#fanOut = new FanOut(membership, inFlight, (gone, reason) => {
      this.#leave(gone, reason);
    });
  }

  /** In the order of their joins. */
  get connections(): readonly Connection[] {
    return [...this.#connections.values()];
  }

  /** Takes or refuses a connection that came through this door; owns its socket from now on. */
  receive(socket: Fd, door: Door): void {
    const hangUp = hangUpOf(socket);
    // Who has already gone costs no ID, and nobody is there to be told anything.
    if (hangUp !== undefined && hangUp !== 'sent data') {
      socket.close();
      return;
    }
    let credentials: PeerCredentials | undefined;
    try {
      credentials = peerCredentials(socket);
      const refused =
        this.#refusalNow(hangUp) ??
        checkAccess(this.#accessRules, new Identity(socket, credentials)) ??
        this.#refusalOf(credentials, door);
      if (refused) this.refuse(socket, refused, credentials);
      else if (door.isHost && this.#slots.hasFree) this.#visit(socket, credentials);
      else this.#join(socket, credentials, door);
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
      refused = checkAccess(this.#accessRules, new Identity(socket, credentials));
    } catch (error) {
      if (!(error instanceof SystemError)) throw error;
      refused = kernelRefusal(error);
    }
    if (refused) this.refuse(socket, refused, credentials);
    return refused !== undefined;
  }

  #refusalOf(credentials: PeerCredentials, door: Door): Refusal | undefined {
    const { isHost } = door;
    const most = this.#maxPeersPerUser;
    const isUsers = (connection: Connection): boolean =>
      connection.isHost === isHost && connection.credentials.uid === credentials.uid;
    // Not counted where it does not matter.
    const count = (): number => (most === Infinity ? 0 : this.connections.filter(isUsers).length);
    if (isHost && !this.#slots.hasFree) this.#letGo((connection) => connection.isHost);
    if (count() >= most) this.#letGo(isUsers);
    return checkUserPeers(count(), most, credentials) ?? refusalOf(this.#rules, credentials, door);
  }

  // Who follows another at once may be seen before the end of that one.
  #letGo(isAsked: (connection: Connection) => boolean): void {
    for (const connection of this.connections.filter(isAsked)) {
      const hangUp = hangUpOf(connection.socket);
      if (hangUp !== undefined) this.#leave(connection, hangUp);
    }
  }

  #refusalNow(hangUp: LeaveReason | undefined): Refusal | undefined {
    if (this.#isStopping) return stopping();
    return hangUp === undefined ? undefined : sentData();
  }

  /** Refuses a connection, whose socket it owns from now on. */
  refuse(socket: Fd, refused: Refusal, credentials?: PeerCredentials): void {
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
    const isBehind = (connection: Connection): boolean =>
      !this.membership.isUpToDate(connection.state) || this.#inFlight.unreadOf(connection) > 0;
    return this.connections.filter(isBehind).length;
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
    for (const connection of this.connections) connection.close();
    this.#connections.clear();
    this.#slots.close();
    this.#memory.close();
  }

  // Throws SystemError, and leaves nothing of the join then; the socket stays the caller's.
  #join(socket: Fd, credentials: PeerCredentials, { isHost }: Door): void {
    const doorbells = createDoorbells(this.membership.vectors);
    const state = this.membership.join((id) => new MessageRows(joinMessages(id, doorbells)));
    if (state === undefined) throw new RangeError('admission let a peer pass without an ID for it');
    const connection = this.#connect(socket, credentials, state, {
      isHost,
      undo: () => {
        this.membership.leave(state);
        state.entry.doorbells.close();
      },
    });
    if (isHost) this.#slots.add(state.entry, doorbells);
    this.#guard.countJoin();
    this.#guard.add(connection);
    this.#fanOut.greet(connection);
    for (const peer of this.#connections.values()) if (peer !== connection) this.#fanOut.tell(peer);
    this.#events.onJoin(connection);
  }

  // As a join, but with a slot that everybody knows.
  #visit(socket: Fd, credentials: PeerCredentials): void {
    const state = this.#slots.take();
    const connection = this.#connect(socket, credentials, state, {
      isHost: true,
      undo: () => {
        this.#slots.release(state);
      },
    });
    this.#guard.add(connection);
    this.#fanOut.greet(connection);
    this.#events.onJoin(connection);
  }

  #connect(
    socket: Fd,
    credentials: PeerCredentials,
    state: PeerState<MessageRows>,
    { isHost, undo }: { readonly isHost: boolean; readonly undo: () => void },
  ): Connection {
    const events = {
      onHangUp: (gone: Connection, reason: LeaveReason) => {
        this.#leave(gone, reason);
      },
      onWritable: (writable: Connection) => {
        this.#fanOut.resume(writable);
      },
    };
    try {
      const connection = new Connection(socket, credentials, state, events, { isHost });
      this.#connections.set(state, connection);
      return connection;
    } catch (error) {
      undo();
      throw error;
    }
  }

  #leave(connection: Connection, reason: LeaveReason): void {
    this.#connections.delete(connection.state);
    this.#fanOut.forget(connection);
    this.#inFlight.remove(connection);
    this.#guard.remove(connection);
    const owed = this.#takeOut(connection);
    connection.close();
    for (const state of owed) {
      const peer = this.#connections.get(state);
      if (peer) this.#fanOut.tell(peer);
    }
    this.#events.onLeave(connection, reason);
  }

  // Returns who is owed the news.
  #takeOut({ state, isHost }: Connection): readonly PeerState<MessageRows>[] {
    if (!isHost) return this.membership.leave(state);
    this.#slots.release(state);
    return [];
  }
}

// The peers of the careless server, and what they are told.
import type { Fd } from '../../native/fd.js';
import { MessageBatch, MessageRows } from '../../native/message-batch.js';
import { acceptSocket, discardByte, unreadByPeer } from '../../native/unix-socket.js';
import { Watch } from '../../native/watch.js';
import { createDoorbells } from './careless-doorbells.js';
import { is } from './defect.js';

/** What waits for a peer: a number, or one of somebody's doorbells. */
type Waiting = number | { readonly of: MessageRows; readonly row: number };

interface Peer {
  readonly id: number;
  readonly socket: Fd;
  readonly watch: Watch;
  readonly doorbells: MessageRows;
  /** Whom it was told of. */
  readonly told: Set<MessageRows>;
  waiting: Waiting[];
  /** How often it was found with something to read. */
  patience: number;
}

const batch = new MessageBatch(1);

export class CarelessRegion {
  readonly #memory: MessageRows;
  readonly #vectors: number;
  readonly #isVerbose: boolean;
  readonly #peers = new Set<Peer>();
  #joins = 0;

  constructor(memory: Fd, vectors: number, isVerbose: boolean) {
    this.#memory = new MessageRows([{ number: -1, fd: memory }]);
    this.#vectors = vectors;
    this.#isVerbose = isVerbose;
  }

  serve(listener: Fd): void {
    setInterval(() => {
      for (const peer of this.#peers) this.#serve(peer);
    }, 2);
    new Watch(listener, { readable: true, writable: false }, () => {
      for (let fd = this.#accept(listener); fd; fd = this.#accept(listener)) this.#join(fd);
    });
  }

  /** Tells everybody that the others left. */
  dismiss(): void {
    for (const peer of this.#peers) this.#leave(peer);
  }

  #accept(listener: Fd): Fd | undefined {
    return is('asleep') ? undefined : acceptSocket(listener);
  }

  #join(socket: Fd): void {
    if (is('ten-at-most') && this.#peers.size >= 10) {
      socket.close();
      return;
    }
    const id = this.#newId();
    const doorbells = createDoorbells(socket, { id, vectors: this.#vectors });
    if (!doorbells) return;
    const watch = new Watch(socket, { readable: true, writable: false }, () => this.#hear(peer));
    const peer: Peer = {
      ...{ id, socket, watch, doorbells, told: new Set(), patience: 0 },
      waiting: is('own-first') ? [0, id, ...this.#all(doorbells)] : [0, id],
    };
    peer.waiting.push({ of: this.#memory, row: 0 });
    for (const other of this.#peers) {
      peer.waiting.push(...this.#all(other.doorbells));
      other.waiting.push(...this.#all(doorbells));
    }
    if (!is('own-first')) peer.waiting.push(...this.#all(doorbells));
    this.#peers.add(peer);
    if (this.#isVerbose && !is('quiet')) console.log(`peer ${id} joined`);
    for (const each of this.#peers) this.#serve(each);
  }

  #newId(): number {
    if (!is('reusing')) return this.#joins++;
    const ids = [...this.#peers].map(({ id }) => id);
    return Array.from({ length: ids.length + 1 }, (_, id) => id).find((id) => !ids.includes(id))!;
  }

  #all(of: MessageRows): Waiting[] {
    return Array.from({ length: this.#vectors }, (_, row) => ({ of, row }));
  }

  #hear(peer: Peer): void {
    if (is('deaf')) return;
    try {
      const bytes = discardByte(peer.socket);
      if (bytes === undefined) return;
      if (bytes > 0 && is('exit-on-data')) process.exit(0);
    } catch {
      if (is('exit-on-hang-up')) process.exit(0);
    }
    this.#leave(peer);
  }

  #serve(peer: Peer): void {
    try {
      for (let [next] = peer.waiting; next !== undefined; [next] = peer.waiting) {
        batch.clear();
        if (typeof next === 'number') batch.addNumber(next);
        else batch.addRows(next.of, next.row, 1);
        const isSent = batch.send(peer.socket) > 0;
        if (!isSent && !is('lossy')) break;
        peer.waiting.shift();
        if (isSent && typeof next !== 'number') peer.told.add(next.of);
      }
      if (!is('impatient')) return;
      peer.patience = unreadByPeer(peer.socket) > 0 ? peer.patience + 1 : 0;
      if (peer.patience > 5) this.#leave(peer);
    } catch {
      if (is('exit-on-hang-up')) process.exit(0);
      if (!is('deaf')) this.#leave(peer);
    }
  }

  #leave(peer: Peer): void {
    if (!this.#peers.delete(peer)) return;
    const { id, doorbells } = peer;
    for (const other of this.#peers) {
      other.waiting = other.waiting.filter(
        (next) => typeof next === 'number' || next.of !== doorbells,
      );
      if (is('leave-first')) other.waiting.unshift(id);
      else if (other.told.has(doorbells)) other.waiting.push(id);
      if (is('leave-twice')) other.waiting.push(id);
    }
    peer.watch.close();
    peer.socket.close();
    doorbells.close();
    for (const other of this.#peers) this.#serve(other);
  }
}

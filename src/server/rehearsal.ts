// A rehearsal: joins and leaves of nobody, in a region of nobody's, before anybody comes.
//
// Code that has not run yet is slow, and the first VM of a day is not to wait for a compiler. So what a
// region does all day is done for a moment when the server has come up: newcomers join, the oldest
// leave, and one that does not read is waited for. The kernel's table of descriptors grows once and for
// all, instead of in the middle of a join.
//
// Rule 1: nothing of the real region is touched, and when somebody comes it is over.
// Rule 2: where there are few descriptors it is left out: real peers may need them before they are seen.
//         Of an ordinary user's budget in flight it takes no more than any region.
// Rule 3: nothing depends on it: where it fails it is over.
import { setImmediate as turn } from 'node:timers/promises';
import {
  descriptorCount,
  growDescriptorTable,
  ownDescriptorLimit,
} from '../../native/descriptor-limit.js';
import { createEventfd } from '../../native/eventfd.js';
import type { Fd } from '../../native/fd.js';
import { MessageReceiver } from '../../native/message-receiver.js';
import { SystemError } from '../../native/system-error.js';
import { createSocketPair } from '../../native/unix-socket.js';
import { ACCEPTS_PER_TURN } from './acceptor.js';
import { DESCRIPTOR_RESERVE } from './descriptor-budget.js';
import { InFlight, isCountedInFlight, measureMessageBytes } from './in-flight.js';
import { lookAtOneself } from './qemu-guard.js';
import { Region } from './region.js';

const JOINS = 200;
const PEERS = 12;
const VECTORS = 6;
const DESCRIPTORS = (PEERS + 2) * (VECTORS + 2);
const ENOUGH_DESCRIPTORS = 65_536;
const MESSAGE_BYTES = 8;
const TURNS_TO_SETTLE = 8;

/** How to rehearse. */
export interface RehearsalOptions {
  /** Vectors of the real region. */
  readonly vectors: number;
  /** Asked all the time; false when it is to be over. */
  readonly mayGoOn: () => boolean;
}

/** Rehearses for as long as it may; resolves when nothing is left of it, with the joins that there were. */
export async function rehearse({ vectors, mayGoOn }: RehearsalOptions): Promise<number> {
  const limit = ownDescriptorLimit();
  const mayBeNeeded = ACCEPTS_PER_TURN * (vectors + 1) + DESCRIPTOR_RESERVE;
  if (limit - (descriptorCount('self') ?? 0) < DESCRIPTORS + mayBeNeeded) return 0;
  const peers: Fd[] = [];
  let joins = 0;
  let region: Region | undefined;
  try {
    growDescriptorTable(Math.min(limit, ENOUGH_DESCRIPTORS));
    region = createRegion(limit, () => (joins += 1));
    const slow = join(region);
    peers.push(slow);
    while (joins < JOINS && mayGoOn()) {
      peers.push(join(region));
      lookAtOneself();
      if (peers.length > PEERS) peers.splice(1, 1)[0]?.close();
      await turn();
    }
    readAll(slow);
    for (let count = 0; count < TURNS_TO_SETTLE; count += 1) await turn();
  } catch (error) {
    if (!(error instanceof SystemError)) throw error;
  } finally {
    region?.close();
    for (const fd of peers) fd.close();
  }
  return joins;
}

function createRegion(limit: number, onJoin: () => void): Region {
  const inFlight = new InFlight(isCountedInFlight() ? limit : Infinity, measureMessageBytes());
  const policy = { maxPeers: PEERS + 2, allowExcessVectors: false };
  const events = { onJoin, onLeave: () => undefined, onRefuse: () => undefined };
  return new Region({ memory: createEventfd(), vectors: VECTORS, policy, inFlight }, events);
}

function join(region: Region): Fd {
  const [ours, theirs] = createSocketPair();
  region.receive(ours, { path: '/', isHost: false });
  return theirs;
}

function readAll(socket: Fd): void {
  const receiver = new MessageReceiver();
  for (;;) {
    const received = receiver.receive(socket, MESSAGE_BYTES);
    if (received === undefined) return;
    received.fd?.close();
  }
}

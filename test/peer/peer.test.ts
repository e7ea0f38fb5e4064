// The peer against our own server: who is there, memory, rings and how they arrive.
import type { EventEmitter } from 'node:events';
import t from 'tap';
import { duplicateFd } from '../../native/duplicate.js';
import { inspectEventfd } from '../../native/eventfd.js';
import { Fd } from '../../native/fd.js';
import { Peer, type Interrupt, type PeerHandle } from '../../src/index.js';
import { makeBlocking } from '../native/status-flags.js';
import { fillEventfd } from '../native/full-count.js';
import { collected } from '../helper/collect.js';
import { Region } from '../helper/region.js';
import { SocketPeer } from '../helper/socket-peer.js';
import type { Scope } from '../helper/temp.js';
import { until } from '../helper/until.js';

async function join(t: Scope, { socket }: Region): Promise<Peer> {
  const peer = await Peer.connect({ socket });
  t.teardown(() => {
    peer.close();
  });
  return peer;
}

/** Two peers of a region with so many vectors. */
async function pair(t: Scope, vectors = 4): Promise<readonly [Peer, Peer, Region]> {
  const region = await Region.listen(t, { vectors });
  const peers = [await join(t, region), await join(t, region), region] as const;
  await until('the first knows the second', () => peers[0].peers.get(1) === vectors);
  return peers;
}

/** Another descriptor of a doorbell, as a hostile peer has one. */
function doorbellOf({ doorbells }: PeerHandle, id: number, vector: number): Fd {
  return duplicateFd(doorbells.find(([owner]) => owner === id)![1][vector]!)!;
}

t.test('the first peer of a region has ID 0, all its vectors, and nobody beside it', async (t) => {
  for (const vectors of [1, 2, 8, 600]) {
    const peer = await join(t, await Region.listen(t, { vectors }));
    t.match(peer, { id: 0, vectors, memorySize: 4 * 1024 ** 2, isConnected: true });
    t.equal(peer.peers.size, 0);
  }
});

t.test('a peer sees who was there before it, and is told who comes and goes', async (t) => {
  const [a, b, region] = await pair(t);
  t.same([...b.peers], [[0, 4]]);
  const told: unknown[] = [];
  a.on('join', (peer) => told.push(['join', peer]));
  a.on('leave', (peer) => told.push(['leave', peer]));
  const c = await join(t, region);
  await until('a knows c', () => a.peers.get(2) === 4);
  t.same(
    [...a.peers],
    [
      [1, 4],
      [2, 4],
    ],
  );
  t.same([...c.peers.keys()], [0, 1]);
  b.close();
  await until('both know that b left', () => !a.peers.has(1) && !c.peers.has(1));
  t.same(told, [
    ['join', { id: 2, vectors: 4 }],
    ['leave', { id: 1 }],
  ]);
});

t.test('the number of vectors can be said beforehand', async (t) => {
  const { socket } = await Region.listen(t, { vectors: 3 });
  const peer = await Peer.connect({ socket, vectors: 3 });
  t.teardown(() => peer.close());
  t.equal(peer.vectors, 3);
});

t.test('every peer has the same memory', async (t) => {
  const [a, b] = await pair(t);
  new Uint8Array(a.memory).set([1, 2, 3], 4 * 1024 ** 2 - 3);
  t.same([...new Uint8Array(b.memory).slice(-3)], [1, 2, 3]);
  t.equal(a.memory, a.memory, 'mapped once');
  t.equal(Atomics.add(new Int32Array(b.memory), 1, 5), 0);
  t.equal(Atomics.load(new Int32Array(a.memory), 1), 5);
});

t.test('a part of the memory can be mapped alone, and closed alone', async (t) => {
  const [a, b] = await pair(t);
  const part = a.map({ offset: 4095, length: 2 });
  const bytes = new Uint8Array(part.buffer);
  bytes.set([8, 9]);
  t.same([...new Uint8Array(b.memory, 4095, 2)], [8, 9]);
  part.close();
  t.notOk(bytes[0]);
  t.same([...new Uint8Array(b.memory, 4095, 2)], [8, 9]);
});

t.test('a ring arrives with its vector, and those that wait are merged', async (t) => {
  const [a, b] = await pair(t);
  t.ok(a.ring(1, 2));
  t.same(await b.nextInterrupt(), { vector: 2, count: 1 });
  for (let ring = 0; ring < 3; ring += 1) a.ring(1, 3);
  a.ring(1, 3, 4);
  t.same(await b.nextInterrupt({ vector: 3 }), { vector: 3, count: 7 });
});

t.test('a peer can ring itself', async (t) => {
  const [a] = await pair(t);
  a.ring(0, 1);
  t.same(await a.nextInterrupt({ vector: 1 }), { vector: 1, count: 1 });
});

t.test('to wait is over when the time is, and nothing is lost to it', async (t) => {
  const [a, b] = await pair(t);
  t.equal(await b.nextInterrupt({ timeoutMs: 1 }), undefined);
  t.equal(await b.nextInterrupt({ vector: 1, timeoutMs: 0 }), undefined);
  a.ring(1, 1);
  t.same(await b.nextInterrupt({ vector: 1, timeoutMs: 0 }), { vector: 1, count: 1 });
});

t.test('none is lost between two calls, whatever vector was waited for', async (t) => {
  const [a, b] = await pair(t);
  const waiting = b.nextInterrupt({ vector: 0 });
  a.ring(1, 2);
  a.ring(1, 0);
  a.ring(1, 3);
  t.same(await waiting, { vector: 0, count: 1 });
  const rest = [await b.nextInterrupt(), await b.nextInterrupt()];
  t.same(rest.map((interrupt) => interrupt?.vector).sort(), [2, 3]);
});

t.test('who waits longest for a vector gets it, the listeners what is left', async (t) => {
  const [a, b] = await pair(t);
  const heard: Interrupt[] = [];
  const first = b.nextInterrupt({ vector: 1 });
  const second = b.nextInterrupt();
  b.on('interrupt', (interrupt) => heard.push(interrupt));
  a.ring(1, 1);
  t.same(await first, { vector: 1, count: 1 });
  a.ring(1, 1);
  t.same(await second, { vector: 1, count: 1 });
  a.ring(1, 1, 2);
  await until('the listener hears it', () => heard.length > 0);
  t.same(heard, [{ vector: 1, count: 2 }]);
});

t.test('without listeners a ring stays in its doorbell', async (t) => {
  const [a, b] = await pair(t);
  const heard: Interrupt[] = [];
  const listener = (interrupt: Interrupt): unknown => heard.push(interrupt);
  b.on('interrupt', listener);
  a.ring(1, 0);
  await until('it is heard', () => heard.length === 1);
  b.off('interrupt', listener);
  a.ring(1, 0);
  a.ring(1, 0);
  await turns();
  t.same(await b.nextInterrupt(), { vector: 0, count: 2 });
  a.ring(1, 3);
  b.once('interrupt', listener);
  await until('it is heard', () => heard.length === 2);
});

t.test('who removes all listeners can listen again, and nothing is lost in between', async (t) => {
  const [a, b] = await pair(t);
  const heard: Interrupt[] = [];
  for (const event of [undefined, 'interrupt', 'newListener', 'removeListener'] as const) {
    b.on('interrupt', () => t.fail('it was removed'));
    b.on('join', () => undefined);
    if (event === undefined) b.removeAllListeners();
    else (b as EventEmitter).removeAllListeners(event);
    b.removeAllListeners('interrupt');
    t.equal(b.listenerCount('interrupt'), 0);
    a.ring(1, 0);
    a.ring(1, 0);
    await turns();
    b.once('interrupt', (interrupt) => heard.push(interrupt));
    await until('it is heard', () => heard.length === 1);
    t.same(heard.splice(0), [{ vector: 0, count: 2 }]);
  }
});

t.test('a loop takes interrupts of the vectors it was asked for', async (t) => {
  const [a, b] = await pair(t);
  a.ring(1, 0);
  a.ring(1, 1);
  const seen: number[] = [];
  for await (const { vector } of b.interrupts({ vectors: [1, 2] })) {
    seen.push(vector);
    if (seen.length === 3) break;
    a.ring(1, 2);
  }
  t.same(seen, [1, 2, 2]);
  t.same(await b.nextInterrupt(), { vector: 0, count: 1 }, 'the other one waits');
});

t.test('a loop that was left takes nothing more', async (t) => {
  const [a, b] = await pair(t);
  const loop = b.interrupts();
  const step = loop.next();
  await loop.return?.();
  t.same(await step, { done: true, value: undefined });
  a.ring(1, 0);
  await turns();
  t.same(await b.nextInterrupt(), { vector: 0, count: 1 });
  t.same(await loop.next(), { done: true, value: undefined });
});

t.test('a loop that was dropped is forgotten, be it begun or not', async (t) => {
  const [a, b] = await pair(t);
  const begin = async (): Promise<WeakRef<object>> => {
    a.ring(1, 0);
    const loop = b.interrupts();
    await loop.next();
    return new WeakRef(loop);
  };
  const refs = [new WeakRef<object>(b.interrupts())];
  for (let times = 0; times < 10; times += 1) refs.push(await begin());
  await until('they are collected', async () => {
    await collected();
    return refs.every((ref) => ref.deref() === undefined);
  });
});

t.test('a loop that was not begun when the peer was closed has nothing', async (t) => {
  const [, b] = await pair(t);
  const loop = b.interrupts();
  b.close();
  t.same(await loop.next(), { done: true, value: undefined });
});

t.test('a signal ends a wait and a loop with its reason', async (t) => {
  const [a, b] = await pair(t);
  const reason = new Error('enough');
  const controller = new AbortController();
  const { signal } = controller;
  const waits: Promise<unknown>[] = [b.nextInterrupt({ signal }), b.interrupts({ signal }).next()];
  controller.abort(reason);
  for (const wait of waits) await t.rejects(wait, reason);
  await t.rejects(b.nextInterrupt({ signal }), reason, 'one that is over before it begins');
  a.ring(1, 0);
  t.ok(await b.nextInterrupt(), 'and takes nothing');
});

t.test('a peer that rings without end starves no timer', async (t) => {
  const [, b] = await pair(t);
  const timer = { isOver: false };
  let count = 0;
  setTimeout(() => (timer.isOver = true), 20);
  b.ring(1, 0);
  for await (const { vector } of b.interrupts()) {
    if (timer.isOver) break;
    b.ring(1, vector);
    count += 1;
  }
  t.ok(count > 0);
});

t.test('a full doorbell would block, and a blocking one does not hang', async (t) => {
  const [a, b] = await pair(t);
  using full = doorbellOf(a.handle, 1, 0);
  fillEventfd(full);
  makeBlocking(full.rawFd);
  t.notOk(a.ring(1, 0));
  t.equal(inspectEventfd(full).count, 2n ** 64n - 2n);
  makeBlocking(full.rawFd);
  t.equal((await b.nextInterrupt())?.count, 2 ** 64);
  makeBlocking(full.rawFd);
  t.equal(await b.nextInterrupt({ timeoutMs: 5 }), undefined, 'nor does a silent blocking one');
  t.ok(a.ring(1, 0));
});

t.test('the end of the server is the end of the news only', async (t) => {
  const [a, b, { server }] = await pair(t);
  const ends: unknown[] = [];
  a.on('disconnect', (error) => ends.push(error));
  await server.close();
  await until('both are told', () => !a.isConnected && !b.isConnected);
  t.same(ends, [undefined]);
  t.same([...a.peers], [[1, 4]], 'who was there then');
  a.ring(1, 3);
  t.same(await b.nextInterrupt(), { vector: 3, count: 1 });
  new Uint8Array(a.memory)[0] = 3;
  t.equal(new Uint8Array(b.memory)[0], 3);
});

t.test('to close ends all that waits, and closes everything once', async (t) => {
  const region = await Region.listen(t, { vectors: 2 });
  const before = Fd.open;
  const a = await Peer.connect({ socket: region.socket });
  const b = await Peer.connect({ socket: region.socket });
  const bytes = new Uint8Array(b.memory);
  bytes[0] = 1;
  b.on('disconnect', () => t.fail('no event comes after the end'));
  b.on('interrupt', () => undefined);
  const loop = b.interrupts();
  const steps = [loop.next(), loop.next()];
  const wait = b.nextInterrupt();
  b.close();
  b.close();
  for (const step of steps) t.same(await step, { done: true, value: undefined });
  await t.rejects(wait, { code: 'ERR_IVSHMEM_CLOSED' });
  t.notOk(bytes[0]);
  bytes[0] = 2;
  t.equal(new Uint8Array(a.memory)[0], 1);
  await a[Symbol.asyncDispose]();
  await region.left(2);
  t.equal(Fd.open, before);
});

t.test('after the end each call says so', async (t) => {
  const [a] = await pair(t);
  t.ok(a.memory, 'also of memory that was mapped');
  a.close();
  const error = { code: 'ERR_IVSHMEM_CLOSED' };
  t.throws(() => a.ring(1, 0), error);
  t.throws(() => a.interrupts(), error);
  t.throws(() => a.memory, error);
  t.throws(() => a.memorySize, error);
  t.throws(() => a.map({ offset: 0, length: 1 }), error);
  t.throws(() => a.handle, error);
  await t.rejects(a.nextInterrupt(), error);
  a.on('interrupt', () => undefined).off('interrupt', () => undefined);
  t.same([...a.peers], []);
  t.equal(a.vectors, 0);
});

t.test('a peer may be closed by its own listener', async (t) => {
  const [a, b, region] = await pair(t);
  a.once('join', () => {
    a.close();
  });
  b.once('interrupt', () => {
    b.close();
  });
  b.ring(1, 0);
  b.ring(1, 1);
  const c = await SocketPeer.join(t, region.socket, { vectors: 4 });
  await region.left(2);
  t.same(
    region.server.peers.map(({ id }) => id),
    [c.id],
  );
});

async function turns(): Promise<void> {
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

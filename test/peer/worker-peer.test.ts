// A peer's other half, in a worker: the same memory and doorbells, and the busy wait.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { Worker } from 'node:worker_threads';
import t from 'tap';
import { Fd } from '../../native/fd.js';
import { Peer, WorkerPeer, type PeerHandle } from '../../src/index.js';
import { openDescriptors } from '../helper/descriptor-balance.js';
import { Region } from '../helper/region.js';
import type { Scope } from '../helper/temp.js';
import { until } from '../helper/until.js';
import type { Order } from './spinner.js';

async function pair(t: Scope): Promise<readonly [Peer, Peer, Region]> {
  const region = await Region.listen(t, { vectors: 3 });
  const a = await Peer.connect({ socket: region.socket });
  const b = await Peer.connect({ socket: region.socket });
  t.teardown(() => {
    a.close();
    b.close();
  });
  await until('the first knows the second', () => a.peers.get(1) === 3);
  return [a, b, region];
}

/** The worker of spinner.ts. It closes what it opened, and ends, with the test. */
class Spinner {
  readonly #worker: Worker;

  constructor(t: Scope, handle: PeerHandle) {
    this.#worker = new Worker(new URL('spinner.js', import.meta.url), { workerData: handle });
    const exit = once(this.#worker, 'exit');
    t.teardown(async () => {
      this.#worker.postMessage({ act: 'end' } satisfies Order);
      await exit;
    });
  }

  /** What it says next. */
  async answer(): Promise<unknown> {
    return ((await once(this.#worker, 'message')) as [unknown])[0];
  }

  async ask(order: Order): Promise<unknown> {
    this.#worker.postMessage(order);
    return this.answer();
  }
}

t.test('a worker has the same ID, vectors and peers', async (t) => {
  const [a] = await pair(t);
  const spinner = new Spinner(t, a.handle);
  t.equal(await spinner.answer(), 'open');
  t.same(await spinner.ask({ act: 'describe' }), { id: 0, vectors: 3, peers: [[1, 3]] });
});

t.test('a worker maps the same memory for itself, all or a part', async (t) => {
  const [a] = await pair(t);
  const spinner = new Spinner(t, a.handle);
  await spinner.answer();
  Atomics.store(new Int32Array(a.memory), 2, 40);
  t.equal(await spinner.ask({ act: 'add', index: 2, value: 2 }), 40);
  t.equal(Atomics.load(new Int32Array(a.memory), 2), 42);
  t.equal(await spinner.ask({ act: 'part', offset: 8 }), 42);
});

t.test('a busy wait takes interrupts of the vectors it looks at', async (t) => {
  const [a, b] = await pair(t);
  const spinner = new Spinner(t, a.handle);
  await spinner.answer();
  b.ring(0, 1);
  b.ring(0, 2);
  b.ring(0, 2);
  const vectors = [0, 2];
  t.same(await spinner.ask({ act: 'spin', options: { vectors } }), { vector: 2, count: 2 });
  t.same(await spinner.ask({ act: 'spin', options: { vectors, timeoutMs: 1 } }), undefined);
  t.same(await spinner.ask({ act: 'spin', options: {} }), { vector: 1, count: 1 });
});

t.test('a worker answers while the main thread does something else', async (t) => {
  const [a, b] = await pair(t);
  const spinner = new Spinner(t, a.handle);
  await spinner.answer();
  const stop = new Int32Array(new SharedArrayBuffer(4));
  const echoes = spinner.ask({ act: 'echo', to: 1, options: { stop, timeoutMs: 60_000 } });
  for (let count = 0; count < 100; count += 1) {
    b.ring(0, count % 3);
    t.same(await b.nextInterrupt(), { vector: count % 3, count: 1 });
  }
  Atomics.store(stop, 0, 1);
  t.equal(await echoes, 100, 'and stops when it is told to');
});

t.test('a busy wait looks at the clock often, however many vectors there are', async (t) => {
  const { socket } = await Region.listen(t, { vectors: 200 });
  const peer = await Peer.connect({ socket, vectors: 200 });
  t.teardown(() => peer.close());
  const spinner = new Spinner(t, peer.handle);
  await spinner.answer();
  t.equal(await spinner.ask({ act: 'looks', options: {} }), 200);
  t.equal(await spinner.ask({ act: 'looks', options: { vectors: [7] } }), 64);
  t.equal(await spinner.ask({ act: 'looks', options: { vectors: [] } }), 0);
});

t.test('a worker goes on when the peer that it came from is closed', async (t) => {
  const [a, b] = await pair(t);
  const spinner = new Spinner(t, a.handle);
  await spinner.answer();
  new Int32Array(a.memory)[0] = 7;
  a.close();
  t.equal(await spinner.ask({ act: 'add', index: 0, value: 1 }), 7);
  t.equal(new Int32Array(b.memory)[0], 8);
});

t.test(
  'the handle of a closed peer opens nothing, not even what has its numbers now',
  async (t) => {
    const [a, b, region] = await pair(t);
    const { handle } = a;
    a.close();
    const c = await Peer.connect({ socket: region.socket });
    t.teardown(() => c.close());
    const open = Fd.open;
    t.throws(() => WorkerPeer.open(handle), { code: 'ERR_IVSHMEM_CLOSED' });
    t.equal(Fd.open, open);
    const spinner = new Spinner(t, handle);
    t.equal(await spinner.answer(), 'ERR_IVSHMEM_CLOSED');
    b.close();
  },
);

t.test('who left before the handle was opened is not there', async (t) => {
  const [a, b, region] = await pair(t);
  const { handle } = a;
  b.close();
  await until('it left', () => !a.peers.has(1));
  const c = await Peer.connect({ socket: region.socket });
  t.teardown(() => c.close());
  using opened = WorkerPeer.open(handle);
  t.same([...opened.peers], [], 'even if its numbers are used again');
  t.throws(() => opened.ring(1, 0), { code: 'ERR_IVSHMEM_UNKNOWN_PEER' });
});

t.test('the main thread is not kept busy', async (t) => {
  const [a] = await pair(t);
  using opened = WorkerPeer.open(a.handle);
  t.throws(() => opened.spin(), { code: 'ERR_IVSHMEM_MAIN_THREAD' });
  t.ok(opened.ring(1, 0), 'everything else is possible there');
});

t.test('wrong calls are errors in a worker, too', async (t) => {
  const [a] = await pair(t);
  const spinner = new Spinner(t, a.handle);
  await spinner.answer();
  const spin = (options: object): Promise<unknown> => spinner.ask({ act: 'spin', options });
  t.equal(await spin({ vectors: [3] }), 'ERR_IVSHMEM_UNKNOWN_VECTOR');
  t.equal(await spin({ timeoutMs: -1 }), 'ERR_IVSHMEM_ARGUMENT');
  t.equal(await spin({ timeoutMs: NaN }), 'ERR_IVSHMEM_ARGUMENT');
  await spinner.ask({ act: 'close' });
  t.equal(await spin({}), 'ERR_IVSHMEM_CLOSED');
});

t.test('a peer or a server in a worker is refused, for it could end the process', async (t) => {
  const [, , { socket }] = await pair(t);
  const worker = new Worker(new URL('joiner.js', import.meta.url), { workerData: socket });
  const exit = once(worker, 'exit');
  const [{ codes, before, after }] = (await once(worker, 'message')) as [Record<string, unknown>];
  await exit;
  t.same(codes, ['ERR_IVSHMEM_WORKER_THREAD', 'ERR_IVSHMEM_WORKER_THREAD']);
  t.same(after, before, 'and leaves nothing open');
});

/** How often this process has the memory mapped. */
function mappings(): number {
  return [...readFileSync('/proc/self/maps', 'latin1').matchAll(/memfd:/g)].length;
}

t.test('a worker that ends without a close leaves nothing open', async (t) => {
  const [a] = await pair(t);
  const before = { fds: openDescriptors(), mappings: mappings() };
  for (const how of ['return', 'exit', 'throw'] as const) {
    const worker = new Worker(new URL('spinner.js', import.meta.url), { workerData: a.handle });
    worker.on('error', (error) => t.match(error, { message: 'as it was told to' }));
    const exit = new Promise((resolve) => worker.once('exit', resolve));
    await once(worker, 'message');
    worker.postMessage({ act: 'add', index: 0, value: 1 } satisfies Order);
    await once(worker, 'message');
    t.not(openDescriptors().all, before.fds.all);
    worker.postMessage({ act: 'leave', how } satisfies Order);
    await exit;
    t.same({ fds: openDescriptors(), mappings: mappings() }, before, how);
  }
});

t.test('a worker that is terminated in its busy wait leaves no descriptor', async (t) => {
  const [a, b] = await pair(t);
  const before = openDescriptors();
  for (let times = 0; times < 10; times += 1) {
    const worker = new Worker(new URL('spinner.js', import.meta.url), { workerData: a.handle });
    await once(worker, 'message');
    const options = { timeoutMs: 60_000 };
    worker.postMessage({ act: 'echo', to: 1, options } satisfies Order);
    b.ring(0, 2);
    t.same(await b.nextInterrupt(), { vector: 2, count: 1 });
    await worker.terminate();
  }
  t.same(openDescriptors(), before);
});

// A worker of the tests: opens a peer's handle and does what it is told, one message at a time.
import { parentPort, workerData } from 'node:worker_threads';
import { libc } from '../../native/libc.js';
import { WorkerPeer, type PeerHandle, type SpinOptions } from '../../src/index.js';

/** What to do. */
export type Order =
  | { readonly act: 'describe' }
  | { readonly act: 'spin'; readonly options: SpinOptions }
  /** Answers each interrupt by a ring of the same vector, until nothing came for the time. */
  | { readonly act: 'echo'; readonly to: number; readonly options: SpinOptions }
  /** Spins for no time, and answers how many doorbells it has looked at. */
  | { readonly act: 'looks'; readonly options: SpinOptions }
  | { readonly act: 'add'; readonly index: number; readonly value: number }
  | { readonly act: 'part'; readonly offset: number }
  | { readonly act: 'close' }
  /** Without a close: by itself, by process.exit, or by an error. */
  | { readonly act: 'leave'; readonly how: 'return' | 'exit' | 'throw' }
  /** Close, and let the worker end. */
  | { readonly act: 'end' };

const peer = open();

parentPort?.on('message', (order: Order) => {
  if (order.act === 'leave') {
    leave(order.how);
    return;
  }
  parentPort?.postMessage(answer(order));
  if (order.act === 'end') parentPort?.unref();
});

function open(): WorkerPeer | undefined {
  try {
    const opened = WorkerPeer.open(workerData as PeerHandle);
    parentPort?.postMessage('open');
    return opened;
  } catch (error) {
    parentPort?.postMessage((error as NodeJS.ErrnoException).code);
    return undefined;
  }
}

function leave(how: string): void {
  if (how === 'exit') process.exit();
  if (how === 'throw') throw new Error('as it was told to');
  parentPort?.unref();
}

function answer(order: Exclude<Order, { act: 'leave' }>): unknown {
  try {
    return peer && obey(peer, order);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
}

function obey(peer: WorkerPeer, order: Exclude<Order, { act: 'leave' }>): unknown {
  switch (order.act) {
    case 'describe':
      return { id: peer.id, vectors: peer.vectors, peers: [...peer.peers] };
    case 'spin':
      return peer.spin(order.options);
    case 'echo':
      return echo(peer, order.to, order.options);
    case 'looks':
      return looks(peer, order.options);
    case 'add':
      return Atomics.add(new Int32Array(peer.memory), order.index, order.value);
    case 'part': {
      using part = peer.map({ offset: order.offset, length: 1 });
      return new Uint8Array(part.buffer)[0];
    }
    case 'close':
    case 'end':
      peer.close();
      peer.close();
      return undefined;
  }
}

function echo(peer: WorkerPeer, to: number, options: SpinOptions): number {
  for (let echoes = 0; ; echoes += 1) {
    const interrupt = peer.spin(options);
    if (!interrupt) return echoes;
    peer.ring(to, interrupt.vector);
  }
}

function looks(peer: WorkerPeer, options: SpinOptions): number {
  const real = libc.preadv2;
  let count = 0;
  libc.preadv2 = (...args) => {
    count += 1;
    return real(...args);
  };
  peer.spin({ ...options, timeoutMs: 0 });
  libc.preadv2 = real;
  return count;
}

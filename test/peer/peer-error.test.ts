// What a caller may do wrong: each has its code, names what is allowed, and changes nothing.
import t from 'tap';
import { Peer, WorkerPeer } from '../../src/index.js';
import { openDescriptors } from '../helper/descriptor-balance.js';
import { Region } from '../helper/region.js';

const argument = 'ERR_IVSHMEM_ARGUMENT';
const unknownVector = 'ERR_IVSHMEM_UNKNOWN_VECTOR';
const range = 'ERR_IVSHMEM_RANGE';

t.test(
  'what cannot be an option of connect is an error before anybody is connected to',
  async (t) => {
    const before = openDescriptors();
    for (const vectors of [0, -1, 1.5, 2_049, NaN, Infinity]) {
      const message = `vectors is 1–2048, not ${vectors}`;
      await t.rejects(Peer.connect({ socket: '/missing', vectors }), { code: argument, message });
    }
    for (const timeoutMs of [-1, NaN]) {
      const message = `timeoutMs is 0 or more milliseconds, not ${timeoutMs}`;
      await t.rejects(Peer.connect({ socket: '/missing', timeoutMs }), { code: argument, message });
    }
    t.same(openDescriptors(), before);
  },
);

t.test('a ring that cannot be names what is there', async (t) => {
  const { socket } = await Region.listen(t, { vectors: 2 });
  const peer = await Peer.connect({ socket });
  t.teardown(() => peer.close());
  for (const id of [1, -1, 65_535, 0.5, NaN]) {
    const error = { code: 'ERR_IVSHMEM_UNKNOWN_PEER', message: `peer ${id} is not there` };
    t.throws(() => peer.ring(id, 0), error);
  }
  for (const vector of [2, -1, 0.5, NaN]) {
    const error = { code: unknownVector, message: `peer 0 has 2 vectors: 0–1, not ${vector}` };
    t.throws(() => peer.ring(0, vector), error);
    t.throws(() => peer.interrupts({ vectors: [0, vector] }), error);
    await t.rejects(peer.nextInterrupt({ vector }), error);
  }
  for (const times of [0, -1, 1.5, 2 ** 53 + 2, NaN]) {
    t.throws(() => peer.ring(0, 0, times), {
      code: argument,
      message: `times is 1–2^53, not ${times}`,
    });
  }
  await t.rejects(peer.nextInterrupt({ timeoutMs: -1 }), { code: argument });
  t.equal(await peer.nextInterrupt({ timeoutMs: 0 }), undefined, 'nothing was rung');
});

t.test('bytes that are not there cannot be mapped', async (t) => {
  const { socket } = await Region.listen(t, { size: 2 ** 20 });
  const peer = await Peer.connect({ socket });
  t.teardown(() => peer.close());
  for (const [offset, length, message] of [
    [-1, 1, 'no 1 bytes at -1: an offset is 0 or more bytes, a length 1 or more'],
    [0.5, 1, /an offset is 0 or more bytes/],
    [0, 0, /a length 1 or more$/],
    [0, NaN, /a length 1 or more$/],
    [0, 2 ** 20 + 1, /: the memory has 1048576 bytes$/],
    [2 ** 20, 1, /: the memory has 1048576 bytes$/],
    [2 ** 53, 1, /: the memory has 1048576 bytes$/],
  ] as const) {
    t.throws(() => peer.map({ offset, length }), { code: range, message });
  }
});

t.test('a busy wait on the main thread, and what was closed', async (t) => {
  const { socket } = await Region.listen(t, {});
  const peer = await Peer.connect({ socket });
  const { handle } = peer;
  const before = openDescriptors();
  const other = WorkerPeer.open(handle);
  t.throws(() => other.spin(), { code: 'ERR_IVSHMEM_MAIN_THREAD' });
  other.close();
  const closed = { code: 'ERR_IVSHMEM_CLOSED', message: 'the peer is closed' };
  t.throws(() => other.spin(), closed);
  t.throws(() => other.ring(0, 0), closed);
  t.throws(() => other.memory, closed);
  t.same(openDescriptors(), before);
  peer.close();
  const after = openDescriptors();
  t.throws(() => WorkerPeer.open(handle), closed);
  t.same(openDescriptors(), after);
});

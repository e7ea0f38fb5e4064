// The host as a peer beside real QEMUs: the same picture, the same memory, and doorbells both ways.
import t from 'tap';
import { Peer } from '../../src/index.js';
import { Device } from '../helper/device.js';
import { need } from '../helper/need.js';
import { Region } from '../helper/region.js';
import { vectors } from '../helper/rings.js';
import type { Scope } from '../helper/temp.js';
import { until } from '../helper/until.js';

async function join(t: Scope, { socket }: Region): Promise<Peer> {
  const peer = await Peer.connect({ socket });
  t.teardown(() => {
    peer.close();
  });
  return peer;
}

/** Rings until the VM hears something: it takes in announcements a little later. */
async function heardOf(peer: Peer, device: Device, vector: number): Promise<number[]> {
  await device.forget();
  await until(`VM ${device.id} hears vector ${vector}`, async () => {
    peer.ring(device.id, vector);
    return (await device.heard()).length > 0;
  });
  await device.settle();
  return device.heard();
}

/** The same the other way round; what was rung too often is drained before the next. */
async function answerOf(device: Device, peer: Peer, vector: number): Promise<number | undefined> {
  const interrupt = await until(`peer ${peer.id} hears vector ${vector}`, async () => {
    await device.ring(peer.id, vector);
    return peer.nextInterrupt({ timeoutMs: 50 });
  });
  await device.settle();
  while (await peer.nextInterrupt({ timeoutMs: 0 }));
  return interrupt.vector;
}

t.test('host and VM ring each other on each of 8 vectors', need('qemu'), async (t) => {
  const region = await Region.listen(t, { vectors: 8 });
  const device = await Device.start(t, { socket: region.socket, vectors: 8 });
  const peer = await join(t, region);
  t.same([...peer.peers], [[device.id, 8]]);
  for (const vector of vectors(8)) {
    t.same(await heardOf(peer, device, vector), [vector], 'the host rings the VM');
    t.equal(await answerOf(device, peer, vector), vector, 'the VM rings the host');
  }
});

t.test('host and VM have the same memory', need('qemu'), async (t) => {
  const region = await Region.listen(t, {});
  const peer = await join(t, region);
  const device = await Device.start(t, { socket: region.socket });
  const end = peer.memorySize - 5;
  Buffer.from(peer.memory).write('hello', end);
  t.equal(await device.readText(end, 5), 'hello');
  await device.write(4096, 'from the guest');
  t.equal(Buffer.from(peer.memory, 4096, 14).toString(), 'from the guest');
});

t.test('a peer sees the same picture before, between and after VMs', need('qemu'), async (t) => {
  const region = await Region.listen(t, { vectors: 2 });
  const before = await join(t, region);
  const first = await Device.start(t, { socket: region.socket, vectors: 2 });
  const between = await join(t, region);
  const second = await Device.start(t, { socket: region.socket, vectors: 2 });
  const after = await join(t, region);
  const peers = [before, between, after];
  const ids = [0, 1, 2, 3, 4];
  t.same([before.id, first.id, between.id, second.id, after.id], ids);
  for (const peer of peers) {
    await until(`peer ${peer.id} knows all`, () => complete(peer, 2) === ids.length - 1);
    t.same(
      [...peer.peers.keys()],
      ids.filter((id) => id !== peer.id),
    );
    for (const device of [first, second]) {
      t.same(await heardOf(peer, device, 1), [1]);
      t.equal(await answerOf(device, peer, 1), 1);
    }
  }
  await first.qemu.kill();
  for (const peer of peers) await until('it is told', () => !peer.peers.has(first.id));
  t.same(await heardOf(after, second, 0), [0], 'the other one does not notice');
});

function complete({ peers }: Peer, vectors: number): number {
  return [...peers.values()].filter((told) => told === vectors).length;
}

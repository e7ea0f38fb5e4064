// Visitors: host processes that come through the socket for host commands, and share its slots.
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import t, { type Test } from 'tap';
import { descriptorCount } from '../../native/descriptor-limit.js';
import { connectSocket } from '../../native/unix-socket.js';
import { Server } from '../../src/index.js';
import { Ledger } from '../helper/ledger.js';
import { MessageReader } from '../helper/message-reader.js';
import { Region } from '../helper/region.js';
import { StrictPeer } from '../helper/strict-peer.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';

const vectors = 2;

/** A region with a VM in it, which is told of all and can ring all. */
class Scene {
  readonly region: Region;
  readonly vm: StrictPeer;
  readonly #t: Test;
  readonly #ledger: Ledger;

  private constructor(t: Test, region: Region, vm: StrictPeer, ledger: Ledger) {
    this.#t = t;
    this.region = region;
    this.vm = vm;
    this.#ledger = ledger;
  }

  static async open(t: Test, options: { maxPeers?: number } = {}): Promise<Scene> {
    const region = await Region.listenWithHost(t, { vectors, ...options });
    const ledger = new Ledger();
    const vm = await StrictPeer.join(t, region.socket, { vectors, ledger, rings: true });
    return new Scene(t, region, vm, ledger);
  }

  join(): Promise<StrictPeer> {
    return StrictPeer.join(this.#t, this.region.socket, { vectors, ledger: this.#ledger });
  }

  visit(): Promise<StrictPeer> {
    const options = { vectors, ledger: this.#ledger, isVisitor: true, rings: true };
    return StrictPeer.join(this.#t, this.region.hostSocket, options);
  }

  /** Resolves when the server has seen it go. */
  async part(...visitors: StrictPeer[]): Promise<void> {
    const left = this.region.leaves + visitors.length;
    for (const visitor of visitors) visitor.close();
    await this.region.left(left);
  }

  /** Resolves when the VM knows these. */
  async knows(...ids: number[]): Promise<void> {
    await until(`the VM knows ${ids.join(', ')}`, () => {
      this.vm.read();
      const { told } = this.vm;
      return told.size === ids.length && ids.every((id) => told.get(id) === vectors);
    });
  }
}

t.test(
  'the next visitor has the ID and the doorbells of the last, and nobody is told',
  async (t) => {
    const scene = await Scene.open(t);
    const first = await scene.visit();
    t.equal(first.id, 1);
    await scene.knows(0, 1);
    await scene.part(first);
    // That both have the same eventfds is what the ledger sees.
    const second = await scene.visit();
    t.equal(second.id, 1);
    t.equal(scene.vm.read(), 0);
    t.equal(scene.region.server.idsLeft, 65_534);
  },
);

t.test('rings that piled up while nobody was there are not those of the next', async (t) => {
  const scene = await Scene.open(t);
  await scene.part(await scene.visit());
  await scene.knows(0, 1);
  for (let ring = 0; ring < 10; ring += 1) scene.vm.ring(1, 1);
  const visitor = await scene.visit();
  t.same(visitor.heard(), [0, 0]);
  scene.vm.ring(1, 1);
  t.same(visitor.heard(), [0, 1], 'what is rung from now on reaches it');
  visitor.ring(0, 0);
  t.same(scene.vm.heard(), [1, 0], 'and it rings the VM');
});

t.test('a visitor is told who is there, then of itself, then who comes later', async (t) => {
  const scene = await Scene.open(t);
  await scene.part(await scene.visit());
  await scene.join();
  const reader = new MessageReader(connectSocket(scene.region.hostSocket)!);
  t.teardown(() => {
    reader.close();
  });
  const lines: string[] = [];
  const read = (count: number): Promise<boolean> =>
    until(`${count} messages`, () => {
      reader.read(({ text, fd }) => {
        lines.push(text);
        fd?.close();
      });
      return lines.length >= count;
    });
  await read(9);
  await scene.join();
  await read(11);
  t.same(lines, [
    '0000000000000000',
    '0100000000000000',
    'ffffffffffffffff fd',
    '0000000000000000 fd',
    '0000000000000000 fd',
    '0200000000000000 fd',
    '0200000000000000 fd',
    '0100000000000000 fd',
    '0100000000000000 fd',
    '0300000000000000 fd',
    '0300000000000000 fd',
  ]);
});

t.test('the lowest free slot is the next', async (t) => {
  const scene = await Scene.open(t);
  const [first, second, third] = [await scene.visit(), await scene.visit(), await scene.visit()];
  t.same([first.id, second.id, third.id], [1, 2, 3]);
  await scene.part(second);
  await scene.part(first);
  t.same([(await scene.visit()).id, (await scene.visit()).id, (await scene.visit()).id], [1, 2, 4]);
});

t.test('when all slots are taken a visitor is refused, until one is free', async (t) => {
  const scene = await Scene.open(t);
  const visitors: StrictPeer[] = [];
  for (let count = 0; count < 16; count += 1) visitors.push(await scene.visit());
  t.equal((await scene.visit()).refusal, -16, 'minus EBUSY');
  t.match(await scene.region.refused(), { reason: 'host-slots', message: /^all 16 slots/ });
  await scene.part(visitors[7]!);
  t.equal((await scene.visit()).id, 8);
  t.ok((await scene.join()).isWelcomed, 'the VMs have nothing to do with that');
});

t.test('who follows another at once has its slot, although nobody saw that one go', async (t) => {
  const scene = await Scene.open(t);
  for (let count = 0; count < 20; count += 1) {
    const visitor = await scene.visit();
    t.equal(visitor.id, 1);
    visitor.close();
  }
  await scene.knows(0, 1);

  const fill = (): Promise<StrictPeer[]> =>
    Promise.all(Array.from({ length: 16 }, () => scene.visit()));
  for (const visitor of await fill()) visitor.close();
  const again = await fill();
  t.same(again.map(({ refusal }) => refusal).filter(Boolean), []);
});

t.test('slots are not among the peers that a region takes', async (t) => {
  const scene = await Scene.open(t, { maxPeers: 2 });
  for (let count = 0; count < 3; count += 1) t.ok((await scene.visit()).isWelcomed);
  t.ok((await scene.join()).isWelcomed);
  t.ok((await scene.visit()).isWelcomed);
  t.equal((await scene.join()).refusal, -87, 'minus EUSERS');
});

t.test('a visitor that sends anything is let go, and its slot is free', async (t) => {
  const scene = await Scene.open(t);
  const visitor = await scene.visit();
  visitor.hangUp('garbage');
  await scene.region.left(1);
  t.equal((await scene.visit()).id, visitor.id);
  await scene.knows(0, 1);
});

t.test('what a visitor knew is forgotten when it goes', async (t) => {
  const scene = await Scene.open(t);
  const peer = await scene.join();
  const visitor = await scene.visit();
  await scene.part(peer);
  await until('it is told', () => visitor.read() > 0);
  t.equal(scene.region.server.idsLeft, 65_533, 'the VM and the visitor know it');
  await scene.part(scene.vm, visitor);
  t.equal(scene.region.server.idsLeft, 65_535, 'the slot remains');
});

t.test('events and peers tell visitors from others', async (t) => {
  const scene = await Scene.open(t);
  const told: unknown[] = [];
  scene.region.server.on('join', ({ id, isHost }) => told.push(['join', id, isHost]));
  scene.region.server.on('leave', ({ id, isHost }) => told.push(['leave', id, isHost]));
  const peer = await scene.join();
  const visitor = await scene.visit();
  t.match(scene.region.server.peers, [
    { id: 0, isHost: false },
    { id: 1, isHost: false },
    { id: 2, isHost: true, pid: process.pid },
  ]);
  await scene.part(visitor);
  await scene.part(peer);
  t.same(told, [
    ['join', 1, false],
    ['join', 2, true],
    ['leave', 2, true],
    ['leave', 1, false],
  ]);
});

t.test('the end closes what slots have, their owners there or not', async (t) => {
  const directory = temp(t);
  const before = descriptorCount('self')!;
  const sockets = { socket: `${directory}/s`, hostSocket: `${directory}/h` };
  const server = await Server.listen({ ...sockets, vectors, socketMode: 0o640 });
  t.equal(server.hostSocket, sockets.hostSocket);
  for (const socket of Object.values(sockets)) t.equal(statSync(socket).mode & 0o777, 0o640);
  t.same(readdirSync(directory).sort(), ['h', 'h.lock', 's', 's.lock']);
  const options = { vectors, ledger: new Ledger(), isVisitor: true };
  const gone = await StrictPeer.join(t, sockets.hostSocket, options);
  const stays = await StrictPeer.join(t, sockets.hostSocket, options);
  gone.close();
  await until('one has left', () => server.peers.length === 1);
  stays.read();
  const queued = StrictPeer.connect(sockets.hostSocket, options);
  await server.close();
  queued.read();
  t.equal(queued.refusal, -108, 'who still queues is refused');
  queued.close();
  stays.close();
  t.same(readdirSync(directory), []);
  t.equal(descriptorCount('self'), before);
});

t.test('one socket by two names is refused', async (t) => {
  const directory = temp(t);
  const before = descriptorCount('self');
  const twice = { socket: `${directory}/s`, hostSocket: path.relative('.', `${directory}/s`) };
  await t.rejects(Server.listen(twice), { code: 'ERR_IVSHMEM_OPTION', option: 'hostSocket' });
  t.same(readdirSync(directory), []);
  t.equal(descriptorCount('self'), before);
});

// Who asks what the region is: told, and not noticed by anybody.
import { mkdirSync, rmdirSync, statSync, writeSync } from 'node:fs';
import { setImmediate as turn } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { descriptorCount } from '../../native/descriptor-limit.js';
import { connectSocket } from '../../native/unix-socket.js';
import { ACCEPTS_PER_TURN } from '../../src/server/acceptor.js';
import { askBy, readToEnd } from '../helper/asker.js';
import { failing } from '../helper/fault.js';
import { Ledger } from '../helper/ledger.js';
import { Region } from '../helper/region.js';
import { StrictPeer } from '../helper/strict-peer.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';

const vectors = 2;

/** A region with a VM in it, who is to hear nothing. */
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

  static async open(t: Test): Promise<Scene> {
    const region = await Region.listenWithHost(t, { vectors });
    const ledger = new Ledger();
    const vm = await StrictPeer.join(t, region.socket, { vectors, ledger });
    return new Scene(t, region, vm, ledger);
  }

  ask(): Promise<string> {
    return readToEnd(askBy(this.#t, this.region.hostSocket));
  }

  async visit(): Promise<StrictPeer> {
    const options = { vectors, ledger: this.#ledger, isVisitor: true };
    return StrictPeer.join(this.#t, this.region.hostSocket, options);
  }

  /** Checks that but for the VM's join nothing has happened, and that the server goes on. */
  async isUnharmed(descriptors: number | undefined): Promise<void> {
    const { region, vm } = this;
    await until('every descriptor is closed', () => descriptorCount('self') === descriptors);
    this.#t.equal(vm.read(), 0, 'the VM hears nothing');
    this.#t.same([region.joins, region.leaves, region.refusals.length], [1, 0, 0]);
    this.#t.equal(region.server.idsLeft, 65_535);
    this.#t.match(await this.ask(), '"nextId":1');
  }
}

t.test('who asks is told in one line what the region is', async (t) => {
  const region = await Region.listenWithHost(t, { vectors: 3, size: 2 ** 21 });
  const { path } = region.server.memory;
  const { dev, ino } = statSync(path, { bigint: true });
  t.equal(
    await readToEnd(askBy(t, region.hostSocket)),
    `{"pid":${process.pid},"socket":"${region.socket}","vectors":3,` +
      `"memory":{"kind":"memfd","sizeBytes":2097152,"path":"${path}",` +
      `"device":"${dev}","inode":"${ino}"},"nextId":0}\n`,
  );
});

t.test('a server that has lost its working directory answers as before', async (t) => {
  const [home, before] = [temp(t), process.cwd()];
  const paths = { socket: 's', hostSocket: 's.host', memPath: 'm' };
  t.teardown(() => {
    process.chdir(before);
  });
  process.chdir(home);
  await Region.listenWithHost(t, paths);
  const ask = (): Promise<string> => readToEnd(askBy(t, `${home}/s.host`));
  const told = await ask();
  t.match(told, `"socket":"${home}/s",`);
  t.match(told, `"path":"${home}/m"`);
  const gone = `${home}/gone`;
  mkdirSync(gone);
  process.chdir(gone);
  t.equal(await ask(), told, 'in another directory');
  rmdirSync(gone);
  t.throws(() => process.cwd(), { code: 'ENOENT' });
  t.equal(await ask(), told, 'in none');
  process.chdir(before);
});

t.test('a hundred questions cost no ID, and nobody hears of them', async (t) => {
  const scene = await Scene.open(t);
  const before = descriptorCount('self');
  for (let count = 0; count < 100; count += 1) t.match(await scene.ask(), /^\{.*\}\n$/);
  await scene.isUnharmed(before);
  t.equal(scene.region.server.peers.length, 1);
  t.equal((await scene.visit()).id, 1, 'the first visitor has the next ID');
});

t.test('askers that do not read are let go all the same', async (t) => {
  const scene = await Scene.open(t);
  const before = descriptorCount('self')!;
  const askers = Array.from({ length: 50 }, () => askBy(t, scene.region.hostSocket));
  await until('only their own ends are left', () => descriptorCount('self') === before + 50);
  await scene.isUnharmed(before + 50);
  t.match(await readToEnd(askers[49]!), '"vectors":2', 'and may still read');
});

t.test('askers that hang up at once are nobody', async (t) => {
  const scene = await Scene.open(t);
  const before = descriptorCount('self');
  for (let count = 0; count < 50; count += 1) askBy(t, scene.region.hostSocket).close();
  await scene.isUnharmed(before);
});

t.test('askers that talk harm themselves alone', async (t) => {
  const scene = await Scene.open(t);
  const before = descriptorCount('self');
  for (let count = 0; count < 50; count += 1) {
    const asker = askBy(t, scene.region.hostSocket);
    writeSync(asker.rawFd, 'x'.repeat(10_000));
    if (count % 2 === 0) asker.close();
    else t.teardown(() => asker.close());
  }
  await scene.isUnharmed(before! + 25);
});

t.test('a flood of questions starves nobody, counted in turns of the event loop', async (t) => {
  const { region } = await Scene.open(t);
  let asked = 0;
  const flood = (questions: number): void => {
    for (let count = 0; count < questions; count += 1) {
      connectSocket(region.hostSocket, `ivshmem-ask/flood/${asked}`)?.close();
      asked += 1;
    }
  };
  flood(ACCEPTS_PER_TURN * 20);
  const ledger = new Ledger();
  const visitor = StrictPeer.connect(region.hostSocket, { vectors, ledger, isVisitor: true });
  const vm = StrictPeer.connect(region.socket, { vectors, ledger });
  const turns = new Map<StrictPeer, number>();
  t.teardown(() => {
    visitor.close();
    vm.close();
  });
  for (let count = 1; turns.size < 2; count += 1) {
    if (count > 100) throw new Error(`somebody is starved: ${[...turns.values()].join()}`);
    flood(ACCEPTS_PER_TURN * 4);
    await turn();
    for (const peer of [visitor, vm]) {
      peer.read();
      if (peer.isWelcomed && !turns.has(peer)) turns.set(peer, count);
    }
  }
  t.ok(turns.get(vm)! <= 4, `a VM came in after ${turns.get(vm)} turns`);
  t.ok(
    turns.get(visitor)! <= 30,
    `a visitor behind 20 turns of questions after ${turns.get(visitor)}`,
  );
});

t.test('who asks when no descriptor is left is answered, and not refused', async (t) => {
  const scene = await Scene.open(t);
  const before = descriptorCount('self');
  failing(t, 'accept4', 'EMFILE', { times: 1 });
  t.match(await scene.ask(), '"vectors":2');
  await scene.isUnharmed(before);
});

for (const code of ['ENOBUFS', 'ENOMEM', 'EAGAIN', 'EPIPE'] as const) {
  t.test(`an answer that fails with ${code} is none, and costs nobody anything`, async (t) => {
    const scene = await Scene.open(t);
    const before = descriptorCount('self');
    const fault = failing(t, 'send', code, { times: 1 });
    t.equal(await scene.ask(), '');
    t.equal(fault.calls, 1);
    await scene.isUnharmed(before);
  });
}

t.test('a server that is stopping answers nothing, and ends', async (t) => {
  const scene = await Scene.open(t);
  const queued = askBy(t, scene.region.hostSocket);
  await scene.region.server.close();
  t.equal(await readToEnd(queued), '');
  t.same(scene.region.refusals, []);
});

t.test('at the socket of the VMs such a name means nothing: who has it joins', async (t) => {
  const { region, vm } = await Scene.open(t);
  const socket = connectSocket(region.socket, `ivshmem-ask/vm/${process.pid}`)!;
  const peer = StrictPeer.over(socket, { vectors, ledger: new Ledger() });
  await until('it has joined', () => {
    peer.read();
    return peer.isWelcomed;
  });
  t.equal(peer.id, 1);
  peer.close();
  await region.left(1);
  vm.read();
});

t.test('who has another name visits', async (t) => {
  const scene = await Scene.open(t);
  const socket = connectSocket(scene.region.hostSocket, `ivshmem-as/${process.pid}`)!;
  const peer = StrictPeer.over(socket, { vectors, ledger: new Ledger(), isVisitor: true });
  await until('it has a slot', () => {
    peer.read();
    return peer.isWelcomed;
  });
  t.equal(peer.id, 1);
  peer.close();
  await scene.region.left(1);
});

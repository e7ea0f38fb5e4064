// Several regions in one process: they have nothing to do with each other, and become others while peers are attached.
import { existsSync, readdirSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { Daemon } from '../../src/server/daemon.js';
import type { ServerOptions } from '../../src/server/options.js';
import type { Server } from '../../src/server/server.js';
import { Crowd } from '../helper/crowd.js';
import { descriptorCount } from '../../native/descriptor-limit.js';
import { connectSocket } from '../../native/unix-socket.js';
import { Ledger } from '../helper/ledger.js';
import { need } from '../helper/need.js';
import { Random } from '../helper/random.js';
import { StrictPeer } from '../helper/strict-peer.js';
import { temp, type Scope } from '../helper/temp.js';
import { until } from '../helper/until.js';

/** Regions of two vectors by name, in one directory; they end with the test. */
async function serve(t: Scope, ...names: string[]) {
  const directory = temp(t);
  const region = (name: string, more: Partial<ServerOptions> = {}): ServerOptions => ({
    name,
    socket: `${directory}/${name}`,
    vectors: 2,
    ...more,
  });
  const daemon = await Daemon.listen(names.map((name) => region(name)));
  t.teardown(() => daemon.close({ timeoutMs: 0 }));
  const join = (name: string): Promise<StrictPeer> =>
    StrictPeer.join(t, `${directory}/${name}`, { vectors: 2, ledger: new Ledger() });
  return { directory, daemon, region, join };
}

t.test('peers know those of their own region, and no others', async (t) => {
  const { daemon, join } = await serve(t, 'a', 'b');
  const [one, two, other] = [await join('a'), await join('a'), await join('b')];
  await until('they know each other', () => one.read() >= 0 && one.told.size === 2);
  t.same([one.id, two.id, other.id], [0, 1, 0]);
  t.same([...one.told.keys()], [0, 1]);
  t.same([...other.told.keys()], [0]);
  t.same(
    daemon.servers.map(({ name, peers }) => [name, peers.length]),
    [
      ['a', 2],
      ['b', 1],
    ],
  );
});

t.test('if one region cannot be served, none is, and nothing is left', async (t) => {
  const directory = temp(t);
  const before = descriptorCount('self');
  const regions = [
    { name: 'a', socket: `${directory}/a` },
    { name: 'b', socket: `${directory}/b`, size: 5 },
  ];
  await t.rejects(Daemon.listen(regions), { code: 'ERR_IVSHMEM_OPTION', option: 'size' });
  t.same(readdirSync(directory), []);
  t.equal(descriptorCount('self'), before);
});

t.test('regions come and go, and those that stay do not notice', async (t) => {
  const { directory, daemon, region, join } = await serve(t, 'a', 'b');
  const told: string[] = [];
  daemon.on('serve', ({ name }) => told.push(`serve ${name ?? ''}`));
  daemon.on('end', ({ name }) => told.push(`end ${name ?? ''}`));
  const [stays, isLeft] = [await join('a'), await join('b')];
  t.same(await daemon.apply([region('a'), region('c')]), {
    added: ['c'],
    removed: ['b'],
    kept: ['a'],
    refused: [],
  });
  t.same(told, ['end b', 'serve c']);
  t.same(
    readdirSync(directory).filter((name) => name.length === 1),
    ['a', 'c'],
  );
  await until('its server is gone', () => {
    isLeft.read();
    return isLeft.isOver;
  });
  t.same([...isLeft.told.keys()], [0], 'it is told of no leave');
  t.equal((await join('a')).id, 1);
  t.equal((await join('c')).id, 0);
  await until('it hears of who came, by two messages', () => {
    stays.read();
    return stays.told.get(1) === 2;
  });
  t.same([...stays.told.keys()], [0, 1], 'and of nobody else');
});

t.test('what is asked of newcomers changes; who is attached stays', async (t) => {
  const { daemon, directory, region, join } = await serve(t, 'a');
  const [one, two] = [await join('a'), await join('a')];
  await daemon.apply([region('a', { maxPeers: 1, socketMode: 0o666 })]);
  t.equal(statSync(`${directory}/a`).mode & 0o777, 0o666);
  t.equal((await join('a')).refusal, -87);
  await until('they know each other', () => one.read() >= 0 && one.told.size === 2);
  t.equal(two.read(), 0, 'and hear of nobody else');
  await daemon.apply([region('a', { maxPeers: 3 })]);
  t.equal((await join('a')).id, 2);
  t.equal(statSync(`${directory}/a`).mode & 0o777, 0o600, 'what is not said is the default again');
});

t.test('what cannot change is said, and the rest is done', async (t) => {
  const { daemon, directory, region, join } = await serve(t, 'a');
  await join('a');
  const changed = region('a', { vectors: 4, size: 8_192, maxPeers: 1, socket: `${directory}/z` });
  t.same(await daemon.apply([changed, region('b')]), {
    added: ['b'],
    removed: [],
    kept: ['a'],
    refused: [
      {
        region: 'a',
        unchanged: [
          { option: 'socket', is: `${directory}/a`, asked: `${directory}/z` },
          { option: 'size', is: 4_194_304, asked: 8_192 },
          { option: 'vectors', is: 2, asked: 4 },
        ],
      },
    ],
  });
  t.notOk(existsSync(`${directory}/z`));
  t.equal((await join('a')).refusal, -87, 'what could change has');
});

t.test('VMs come and go with the rest, and what is not done for one is said', async (t) => {
  const { daemon, directory, region, join } = await serve(t, 'a');
  const [web, db] = ['web', 'db'].map((name) => ({ name, socket: `${directory}/a-${name}` }));
  t.match(await daemon.apply([region('a', { vms: [web!, db!] })]), { kept: ['a'], refused: [] });
  t.equal((await join('a')).id, 0);
  t.equal((await join('a-web')).id, 1);
  const changed = region('a', { vms: [{ name: 'lost', socket: '/nowhere/s' }], vectors: 4 });
  t.match(await daemon.apply([changed]), {
    refused: [
      {
        region: 'a',
        unchanged: [
          { option: 'vectors', is: 2, asked: 4 },
          { option: 'vms', vm: 'web', message: /^web is attached/ },
          { option: 'vms', vm: 'lost', message: /^lost: ENOENT/ },
        ],
      },
    ],
  });
  t.same(
    daemon.servers[0]?.vms.map(({ name }) => name),
    ['web'],
  );
});

t.test('a region that cannot be added or changed keeps nothing else from it', async (t) => {
  const { daemon, region, join } = await serve(t, 'a');
  const { added, refused } = await daemon.apply([
    region('a', { socketGroup: 'no-such-group' }),
    region('b', { socket: '/nowhere/b' }),
    region('c'),
  ]);
  t.same(added, ['c']);
  t.match(refused, [
    { region: 'a', error: { option: 'socketGroup' } },
    { region: 'b', error: { code: 'ENOENT' } },
  ]);
  t.equal((await join('a')).id, 0);
  t.equal((await join('c')).id, 0);
});

t.test('what has taken the place of a socket is not touched, and the rest is done', async (t) => {
  const { daemon, directory, region, join } = await serve(t, 'a');
  const other = `${directory}/of-a-stranger`;
  writeFileSync(other, '', { mode: 0o600 });
  rmSync(`${directory}/a`);
  symlinkSync(other, `${directory}/a`);
  const asked = region('a', { socketMode: 0o666, socketGroup: '1', maxPeers: 1 });
  t.match((await daemon.apply([asked])).refused, [
    { region: 'a', error: { code: 'ERR_IVSHMEM_NOT_A_SOCKET' } },
  ]);
  t.match(statSync(other), { mode: 0o100600, gid: process.getgid?.() });
  t.equal(daemon.servers[0]?.maxPeers, 1);
  rmSync(`${directory}/a`);
  t.match((await daemon.apply([asked])).refused, [{ region: 'a', error: { code: 'ENOENT' } }]);
  t.match((await daemon.apply([region('a'), region('b')])).added, ['b']);
  t.equal((await join('b')).id, 0);
});

t.test('a group that is asked for no more goes', need('root'), async (t) => {
  const { daemon, directory, region } = await serve(t, 'a');
  const before = statSync(`${directory}/a`).gid;
  await daemon.apply([region('a', { socketGroup: '12345' })]);
  t.equal(statSync(`${directory}/a`).gid, 12_345);
  await daemon.apply([region('a')]);
  t.equal(statSync(`${directory}/a`).gid, before);
});

t.test('a region whose end takes its time holds up no change of the others', async (t) => {
  const { daemon, directory, region } = await serve(t, 'a', 'b');
  const stopped = connectSocket(`${directory}/b`)!;
  await until('it has joined', () => daemon.servers[1]?.peers.length === 1);
  const applied = daemon.apply([region('a', { maxPeers: 7 })]);
  await new Promise((resolve) => setImmediate(resolve));
  t.equal(daemon.servers[0]?.maxPeers, 7);
  await daemon.close({ timeoutMs: 0 });
  await applied;
  t.same(readdirSync(directory), [], 'who ends the process ends that one, too');
  stopped.close();
});

t.test('a socket goes from one region to another', async (t) => {
  const { daemon, region } = await serve(t, 'a');
  const { socket } = region('a');
  const moved = region('b', { socket, vectors: 1 });
  t.match(await daemon.apply([moved]), { added: ['b'], removed: ['a'], refused: [] });
  const peer = await StrictPeer.join(t, socket, { vectors: 1, ledger: new Ledger() });
  t.equal(peer.id, 0);
});

t.test('who asks during a change gets the next; an end during one starts nothing', async (t) => {
  const { daemon, directory, region } = await serve(t, 'a');
  const [first, second] = [daemon.apply([region('b')]), daemon.apply([region('c')])];
  t.match(await first, { added: ['b'], removed: ['a'] });
  t.match(await second, { added: ['c'], removed: ['b'] });
  const third = daemon.apply([region('d')]);
  await daemon.close();
  await third;
  t.same(readdirSync(directory), []);
});

t.test('peers join a region while the memory of another is allocated', async (t) => {
  const { daemon, region, join } = await serve(t, 'a');
  let isApplied = false;
  const big = region('big', { size: 512 * 1024 ** 2 });
  const applied = daemon.apply([region('a'), big]).finally(() => (isApplied = true));
  const [one, two] = [await join('a'), await join('a')];
  t.equal(isApplied, false);
  await until('one hears of the other', () => one.read() >= 0 && one.told.size === 2);
  t.equal(two.id, 1);
  t.match(await applied, { added: ['big'], kept: ['a'], refused: [] });
  t.equal((await join('big')).id, 0);
});

t.test('an end while memory is allocated leaves nothing of it', async (t) => {
  const { daemon, directory, region } = await serve(t, 'a');
  const before = descriptorCount('self');
  const told: Server[] = [];
  daemon.on('serve', (server) => told.push(server));
  const shmName = `ivshmem-test-daemon-${process.pid}`;
  t.teardown(() => rmSync(`/dev/shm/${shmName}`, { force: true }));
  const applied = daemon.apply([region('a'), region('big', { size: 512 * 1024 ** 2, shmName })]);
  const isBegun = (): boolean => existsSync(`/dev/shm/${shmName}`);
  await until('there is a part of it', isBegun);
  await daemon.close();
  t.same(readdirSync(directory), []);
  t.notOk(isBegun());
  t.match(await applied, {
    added: [],
    kept: ['a'],
    refused: [{ region: 'big', error: { message: 'the server is being stopped' } }],
  });
  t.same(told, []);
  t.ok(descriptorCount('self')! < before!);
});

t.test('nobody can connect before the last region is all there', async (t) => {
  const directory = temp(t);
  const regions = [
    { name: 'a', socket: `${directory}/a` },
    { name: 'big', socket: `${directory}/big`, size: 512 * 1024 ** 2 },
  ];
  const listening = Daemon.listen(regions);
  await until('the last is claimed', () => existsSync(`${directory}/big.lock`));
  t.notOk(existsSync(`${directory}/a`));
  const daemon = await listening;
  t.ok(existsSync(`${directory}/a`));
  await daemon.close();
});

t.test('a signal that comes last of all ends a start, too', async (t) => {
  const directory = temp(t);
  const stop = new AbortController();
  const reason = new Error('enough');
  const listening = Daemon.listen([{ socket: `${directory}/s` }], { signal: stop.signal });
  setImmediate(() => {
    stop.abort(reason);
  });
  await t.rejects(listening, reason);
  t.same(readdirSync(directory), []);
});

t.test('200 changes cost 50 churning peers no message', async (t) => {
  const random = new Random();
  t.comment(String(random));
  const { daemon, region } = await serve(t, 'a', 'b', 'odd');
  const stable = daemon.servers.slice(0, 2);
  const crowds = stable.map(({ socket }) => new Crowd(t, { socket, vectors: 2, random, most: 25 }));
  let steps = 0;
  const churn = async (): Promise<void> => {
    for (let i = 0; i < 20; i++) {
      for (const crowd of crowds) crowd.step();
      steps += 1;
      if (!random.oneIn(4)) await new Promise((resolve) => setImmediate(resolve));
      for (const crowd of crowds) crowd.read();
    }
  };
  for (let change = 0; change < 200; change++) {
    const policy = { maxPeers: 30 + (change % 5), allowExcessVectors: change % 2 === 0 };
    const third = change % 2 === 0 ? 'even' : 'odd';
    const applied = daemon.apply([region('a', policy), region('b', policy), region(third)]);
    await churn();
    t.match(await applied, {
      added: [third],
      removed: [change % 2 === 0 ? 'odd' : 'even'],
      refused: [],
    });
  }
  for (const [index, crowd] of crowds.entries()) {
    const server = stable[index]!;
    const present = (): number[] => server.peers.map(({ id }) => id).sort((a, b) => a - b);
    await until('the server knows who left', () => server.peers.length === crowd.size);
    await crowd.settle(present);
    crowd.resumeAll();
    await crowd.settle(present);
    t.same(crowd.deaf(), [], 'every doorbell rings its owner');
    t.equal(crowd.peak, 25);
  }
  t.equal(steps, 4_000);
});

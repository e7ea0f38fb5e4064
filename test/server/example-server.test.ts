// What the example server in QEMU's tree does, row by row, and the opposite here. Two rows need a
// QEMU or much time and stand elsewhere: 65,545 short connections in test/qemu/many-connections, a
// QEMU that is stopped in test/qemu/stopped.
import { chmodSync, existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { connectSocket } from '../../native/unix-socket.js';
import { roomInDirectory } from '../../src/server/room.js';
import { DaemonProcess } from '../helper/daemon-process.js';
import { Ledger } from '../helper/ledger.js';
import { MessageReader } from '../helper/message-reader.js';
import { need } from '../helper/need.js';
import { Region } from '../helper/region.js';
import { socketCapacity } from '../helper/socket-capacity.js';
import { StrictPeer } from '../helper/strict-peer.js';
import type { Scope } from '../helper/temp.js';
import { until } from '../helper/until.js';

const G = 1024 ** 3;

function close(t: Scope, ...things: readonly { close(): void }[]): void {
  t.teardown(() => {
    for (const thing of things) thing.close();
  });
}

/** Connections that somebody reads, whatever comes. */
function readers(t: Scope, socket: string, count: number): MessageReader[] {
  const all = Array.from({ length: count }, () => new MessageReader(connectSocket(socket)!));
  close(t, ...all);
  return all;
}

function drain(all: readonly MessageReader[]): void {
  for (const reader of all) reader.read(({ fd }) => fd?.close());
}

/** Whether each peer can ring all of them, itself included. */
function rings(peers: readonly StrictPeer[]): boolean {
  for (const from of peers) for (const { id } of peers) from.ring(id, 0);
  return peers.every((peer) => peer.heard()[0] === peers.length);
}

/** Two peers that can ring each other. */
async function joinTwo(t: Scope, socket: string): Promise<StrictPeer[]> {
  const options = { vectors: 1, ledger: new Ledger(), rings: true };
  const a = await StrictPeer.join(t, socket, options);
  const b = await StrictPeer.join(t, socket, options);
  await until('the first knows the second', () => a.read() > 0 && a.told.size === 2);
  return [a, b];
}

t.test('clients that connect and close at once: the server lives', async (t) => {
  const daemon = new DaemonProcess(t);
  await daemon.background();
  for (let count = 0; count < 100; count += 1) connectSocket(daemon.socket)!.close();
  t.ok(rings(await joinTwo(t, daemon.socket)));
  t.ok(daemon.isAlive);
});

t.test('out of descriptors: the server refuses, and lives', async (t) => {
  const daemon = new DaemonProcess(t);
  await daemon.background(['-n', '64'], ['prlimit', '--nofile=1024:1024']);
  const peers: StrictPeer[] = [];
  const ledger = new Ledger({ looksAtOneIn: 16 });
  do {
    for (const peer of peers) peer.read();
    peers.push(await StrictPeer.join(t, daemon.socket, { vectors: 64, ledger }));
  } while (peers.at(-1)?.refusal === undefined && peers.length < 17);
  const refused = peers.pop()!;
  t.ok(peers.length >= 14 && peers.length < 17, `${peers.length} peers fit`);
  t.ok(refused.refusal! < 0);

  peers.shift()!.close();
  await until('the others are told', () =>
    peers.every((peer) => peer.read() >= 0 && !peer.told.has(0)),
  );
  const next = await StrictPeer.join(t, daemon.socket, { vectors: 64, ledger });
  t.ok(next.isWelcomed, 'where one left another may come');
});

for (const [vectors, clients] of [
  [64, 17],
  [16, 62],
  [1, 512],
] as const) {
  t.test(`${clients} clients with ${vectors} vectors: more than 1,023 descriptors`, async (t) => {
    const { server, socket } = await Region.listen(t, { vectors });
    const others = readers(t, socket, clients);
    const last = StrictPeer.connect(socket, { vectors, ledger: new Ledger() });
    close(t, last);
    await until('the last one knows all', () => {
      drain(others);
      last.read();
      return last.isWelcomed && last.told.size === clients + 1;
    });
    t.equal(server.peers.length, clients + 1);
  });
}

t.test('a peer that does not read: everything waits for it', async (t) => {
  const { server, socket } = await Region.listen(t, { vectors: 1 });
  const options = { vectors: 1, ledger: new Ledger() };
  const stopped = await StrictPeer.join(t, socket, options);
  const others = readers(t, socket, socketCapacity() + 100);
  await until('all are in', () => {
    drain(others);
    return server.peers.length === others.length + 1;
  });
  t.equal(stopped.told.size, 1);
  await until('it goes on, and is told of all', () => {
    drain(others);
    return stopped.read() >= 0 && stopped.told.size === others.length + 1;
  });
});

const sizes = [
  ['2G', 2 * G],
  ['4G', 4 * G],
  ['5G', 8 * G],
] as const;
for (const [given, bytes] of sizes) {
  t.test(`-l ${given}: a memory of ${bytes / G} GiB, or the reason why not`, async (t) => {
    const daemon = new DaemonProcess(t);
    if (roomInDirectory('/dev/shm') < bytes + G / 4) {
      const { code, stderr } = await daemon.start(['-l', given]);
      t.equal(code, 1);
      t.match(stderr, 'do not fit');
      return;
    }
    const stderr = await daemon.background(['-l', given]);
    t.equal(statSync(daemon.shmPath).size, bytes);
    t.equal(stderr.includes('rounded up from 5G to 8G'), given === '5G');
  });
}

t.test(
  'started twice with the same names: the second fails, the first does not notice',
  async (t) => {
    const first = new DaemonProcess(t);
    await first.background();
    const peers = await joinTwo(t, first.socket);
    writeFileSync(first.shmPath, 'living', { flag: 'r+' });
    // Its pid file is its own: should it start, it ends with the test.
    const second = new DaemonProcess(t);
    for (const socket of [first.socket, second.socket]) {
      const { code, stderr } = await second.start(['-S', socket, '-M', first.shmName]);
      t.equal(code, 1);
      t.match(stderr, /living server/);
    }
    t.ok(first.isAlive);
    t.equal(statSync(first.shmPath).size, 4 * 1024 ** 2);
    t.equal(readFileSync(first.shmPath, 'latin1').slice(0, 6), 'living');
    t.equal(peers[0]!.read() + peers[1]!.read(), 0, 'nobody joined for a moment');
    t.ok(rings(peers));
  },
);

t.test('a socket left by a crash: the server starts', async (t) => {
  const daemon = new DaemonProcess(t);
  await daemon.background();
  await daemon.end('SIGKILL');
  t.ok(existsSync(daemon.socket));
  await daemon.background();
  t.ok(rings(await joinTwo(t, daemon.socket)));
});

t.test('SIGTERM: nobody is told of a departure, doorbells live', async (t) => {
  const daemon = new DaemonProcess(t);
  await daemon.background();
  const { socket, shmPath, pidFile } = daemon;
  const peers = await joinTwo(t, socket);
  await daemon.end('SIGTERM');
  for (const peer of peers) t.equal(peer.read(), 0);
  t.ok(peers.every(({ isOver, told }) => isOver && told.size === 2));
  t.ok(rings(peers));
  for (const name of [socket, shmPath, pidFile]) t.notOk(existsSync(name));
});

t.test('socket mode: whom it is opened to, who can connect', need('root'), async (t) => {
  const connectAs = (uid: number, socket: string): void => {
    process.seteuid!(uid);
    try {
      connectSocket(socket)?.close();
    } finally {
      process.seteuid!(0);
    }
  };
  for (const socketMode of [undefined, 0o666]) {
    const { socket } = await Region.listen(t, { socketMode });
    chmodSync(socket.replace(/\/s$/, ''), 0o711);
    if (socketMode === undefined) {
      t.throws(() => connectAs(65_534, socket), { code: 'EACCES' });
    } else {
      t.doesNotThrow(() => connectAs(65_534, socket));
    }
  }
});

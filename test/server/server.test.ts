import { existsSync, readdirSync } from 'node:fs';
import t from 'tap';
import { descriptorCount, ownDescriptorLimit } from '../../native/descriptor-limit.js';
import { connectSocket } from '../../native/unix-socket.js';
import { Server, type RegionPeer, type ServerWarning } from '../../src/index.js';
import { failing } from '../helper/fault.js';
import { Ledger } from '../helper/ledger.js';
import { MessageReader } from '../helper/message-reader.js';
import { Region } from '../helper/region.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { StrictPeer } from '../helper/strict-peer.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';

t.test('a server ends with its block, and leaves nothing', async (t) => {
  const directory = temp(t);
  const before = descriptorCount('self');
  {
    await using server = await Server.listen({ socket: `${directory}/s`, vectors: 3 });
    t.match(server, { socket: `${directory}/s`, vectors: 3, idsLeft: 65_536, peers: [] });
    t.match(server.memory, { kind: 'memfd', sizeBytes: 4 * 1024 ** 2, isAdopted: false });
    t.ok(server.maxPeers > 1);
  }
  t.equal(descriptorCount('self'), before);
  t.same(readdirSync(directory), []);
});

t.test('to what is prepared nobody can connect before it is opened', async (t) => {
  const socket = `${temp(t)}/s`;
  const { open } = await Server.prepare({ socket });
  t.notOk(existsSync(socket));
  await using server = open();
  t.equal((await SocketPeer.join(t, socket, { vectors: 1 })).id, 0);
  t.equal(server.peers.length, 1);
});

t.test('a start ends with its signal, and leaves nothing', async (t) => {
  const directory = temp(t);
  const before = descriptorCount('self');
  const stop = new AbortController();
  const reason = new Error('enough');
  const listening = Server.listen({
    socket: `${directory}/s`,
    size: 512 * 1024 ** 2,
    signal: stop.signal,
  });
  setImmediate(() => {
    stop.abort(reason);
  });
  await t.rejects(listening, reason);
  t.equal(descriptorCount('self'), before);
  t.same(readdirSync(directory), []);
});

t.test('what is prepared can be undone, and nothing is left', async (t) => {
  const directory = temp(t);
  const before = descriptorCount('self');
  const { undo } = await Server.prepare({ socket: `${directory}/s`, memPath: `${directory}/m` });
  undo();
  undo();
  t.equal(descriptorCount('self'), before);
  t.same(readdirSync(directory), []);
});

t.test('to close again is the same close', async (t) => {
  const server = await Server.listen({ socket: `${temp(t)}/s` });
  t.equal(server.close(), server.close({ timeoutMs: 1 }));
  await server.close();
});

t.test('it tells who joins, who leaves and why, and who is refused', async (t) => {
  const { server, socket } = await Region.listen(t, { maxPeers: 1 });
  const told: unknown[][] = [];
  const who = ({ id, pid, uid }: RegionPeer): number[] => [id, pid, uid];
  server.on('join', (peer) => told.push(['join', ...who(peer)]));
  server.on('leave', (peer, reason) => told.push(['leave', ...who(peer), reason]));
  server.on('refuse', ({ reason, credentials }) => told.push(['refuse', reason, credentials?.pid]));
  const peer = await SocketPeer.join(t, socket, { vectors: 1 });
  t.equal(server.idsLeft, 65_535);
  t.match(server.peers, [{ id: 0, pid: process.pid }]);
  await SocketPeer.join(t, socket, { vectors: 1 });
  peer.leave();
  await until('it has left', () => server.peers.length === 0);
  const us = [process.pid, process.getuid!()];
  t.same(told, [
    ['join', 0, ...us],
    ['refuse', 'peers', process.pid],
    ['leave', 0, ...us, 'closed'],
  ]);
  t.equal(server.idsLeft, 65_536);
});

t.test('trouble is told, and not thrown where nobody listens', async (t) => {
  const { server, socket } = await Region.listen(t, {});
  failing(t, 'accept4', 'ENOMEM', { times: 1 });
  await SocketPeer.join(t, socket, { vectors: 1 });
  const codes: string[] = [];
  server.on('error', ({ code }) => codes.push(code));
  failing(t, 'accept4', 'ENOMEM', { times: 1 });
  await SocketPeer.join(t, socket, { vectors: 1 });
  t.same(codes, ['ENOMEM']);
});

t.test('below 10 % of the IDs it warns, once until there are more again', async (t) => {
  const { server, socket } = await Region.listen(t, {});
  const warnings: ServerWarning[] = [];
  server.on('warning', (warning) => warnings.push(warning));
  let idsLeft = 65_536;
  Object.defineProperty(server, 'idsLeft', { get: () => idsLeft });
  for (idsLeft of [6553, 6552, 6551, 6553, 6552]) {
    await SocketPeer.join(t, socket, { vectors: 1 });
  }
  t.match(warnings, [
    { code: 'ids', message: /^6552 of 65,536/ },
    { code: 'ids', message: /^6552 of 65,536/ },
  ]);
  t.equal(warnings.length, 2);
});

t.test('a limit of descriptors too low for all peers is seen at the start', async (t) => {
  const { server } = await Region.listen(t, { vectors: 4, maxPeers: 65_536 });
  t.match(server.limitWarning, {
    code: 'descriptors',
    message: new RegExp(
      `65536 peers × \\(4 vectors \\+ 1\\) .* the limit is ${ownDescriptorLimit()}`,
    ),
  });
  t.equal((await Region.listen(t, {})).server.limitWarning, undefined, 'by default it fits');
});

t.test('a start that fails leaves nothing behind', async (t) => {
  const directory = temp(t);
  const socket = `${directory}/s`;
  const before = descriptorCount('self');
  const fails = async (code: string, more: object): Promise<void> => {
    await t.rejects(Server.listen({ socket, memPath: `${directory}/m`, ...more }), { code });
    t.same(readdirSync(directory), [], code);
    t.equal(descriptorCount('self'), before, code);
  };
  await fails('ERR_IVSHMEM_OPTION', { vectors: 0 });
  await fails('ERR_IVSHMEM_NO_ROOM', { size: 2 ** 52 });
  await fails('ERR_IVSHMEM_OPTION', { socketGroup: 'no such group' });
  await fails('ENAMETOOLONG', { socket: `${directory}/${'x'.repeat(120)}` });
  failing(t, 'listen', 'ENOBUFS', { times: 1 });
  await fails('ENOBUFS', {});
  const hostSocket = `${directory}/h`;
  failing(t, 'listen', 'ENOBUFS', { after: 1, times: 1 });
  await fails('ENOBUFS', { hostSocket });
  await fails('ENAMETOOLONG', { hostSocket: `${directory}/${'x'.repeat(120)}` });
  await fails('ENOENT', { hostSocket: `${directory}/missing/h` });
});

t.test('a start that fails does not remove the memory it found', async (t) => {
  const directory = temp(t);
  const memPath = `${directory}/m`;
  await (await Server.listen({ socket: `${directory}/s`, memPath })).close();
  t.ok(existsSync(memPath), 'a memory with a name stays');
  failing(t, 'listen', 'ENOBUFS', { times: 1 });
  await t.rejects(Server.listen({ socket: `${directory}/s`, memPath }), { code: 'ENOBUFS' });
  t.same(readdirSync(directory), ['m']);

  await (await Server.listen({ socket: `${directory}/s`, memPath, unlinkMemory: true })).close();
  t.same(readdirSync(directory), [], 'it goes when that was asked');
});

t.test('who still queues at the end is refused, and told so', async (t) => {
  const { server, socket } = await Region.listen(t, {});
  const queued = StrictPeer.connect(socket, { vectors: 1, ledger: new Ledger() });
  t.teardown(() => {
    queued.close();
  });
  const closed = server.close();
  t.throws(() => connectSocket(socket), { code: 'ENOENT' }, 'who comes later does not get in');
  await closed;
  queued.read();
  t.equal(queued.refusal, -108);
});

t.test('newcomers have their welcome before the end, and nobody is told of a leave', async (t) => {
  const vectors = 200;
  const { server, socket } = await Region.listen(t, { vectors });
  const options = { vectors, ledger: new Ledger() };
  const peers = [1, 2, 3, 4].map(() => StrictPeer.connect(socket, options));
  t.teardown(() => {
    for (const peer of peers) peer.close();
  });
  await until('all are in', () => server.peers.length === peers.length);
  let isClosed = false;
  const closed = server.close().then(() => (isClosed = true));
  // Their messages exceed a socket: it takes several rounds of reading and sending.
  await until('the end', () => {
    for (const peer of peers) peer.read();
    return isClosed && peers.every(({ isOver }) => isOver);
  });
  await closed;
  for (const { told } of peers) t.same([...told.keys()], [0, 1, 2, 3]);
});

t.test('a peer that never reads does not keep a server from its end', async (t) => {
  const { server, socket } = await Region.listen(t, { vectors: 300 });
  const warnings: string[] = [];
  server.on('warning', ({ code }) => warnings.push(code));
  const stopped = connectSocket(socket)!;
  t.teardown(() => {
    stopped.close();
  });
  await until('it is in', () => server.peers.length === 1);
  await server.close({ timeoutMs: 50 });
  t.same(warnings, ['unread']);
});

t.test('a listener that throws does not keep the rest from being put away', async (t) => {
  const directory = temp(t);
  const before = descriptorCount('self')!;
  const server = await Server.listen({ socket: `${directory}/s` });
  server.on('warning', () => {
    throw new Error('of the listener');
  });
  const silent = connectSocket(`${directory}/s`)!;
  await until('it has joined', () => server.peers.length === 1);
  await t.rejects(server.close({ timeoutMs: 1 }), { message: 'of the listener' });
  silent.close();
  t.same(readdirSync(directory), []);
  t.equal(descriptorCount('self'), before);
});

t.test('a start that fails at the last step leaves neither socket nor descriptor', async (t) => {
  const directory = temp(t);
  const before = descriptorCount('self');
  failing(t, 'listen', 'ENOBUFS', { times: 1 });
  await t.rejects(Server.listen({ socket: `${directory}/s` }), { code: 'ENOBUFS' });
  t.same(readdirSync(directory), []);
  t.equal(descriptorCount('self'), before);
});

t.test('who lacks part of its welcome is waited for past the time', async (t) => {
  const { server, socket } = await Region.listen(t, {});
  const fault = failing(t, 'sendmmsg', 'ENOBUFS');
  const reader = new MessageReader(connectSocket(socket)!);
  await until('it has joined', () => server.peers.length === 1);
  const closed = server.close({ timeoutMs: 0 });
  await until('the time is long over', () => fault.calls > 5);
  t.equal(server.peers.length, 1);
  void server.close();
  fault.restore();
  const welcome: string[] = [];
  await until('the end', () => {
    reader.read(({ text, fd }) => {
      welcome.push(text);
      fd?.close();
    });
    return reader.isOver;
  });
  await closed;
  reader.close();
  t.same(welcome.slice(0, 3), ['0000000000000000', '0000000000000000', 'ffffffffffffffff fd']);
});

t.test('a second close that says how long ends that wait, too', async (t) => {
  const { server, socket } = await Region.listen(t, {});
  const fault = failing(t, 'sendmmsg', 'ENOBUFS');
  using silent = connectSocket(socket)!;
  await until('it has joined', () => server.peers.length === 1);
  const closed = server.close({ timeoutMs: 0 });
  await until('the time is long over', () => fault.calls > 5);
  t.ok(silent.isOpen);
  t.equal(server.peers.length, 1, 'it is waited for');
  await server.close({ timeoutMs: 0 });
  await closed;
  t.equal(server.peers.length, 0);
});

// A server that is not there, not ready, or in no hurry, and a caller that does not wait for ever.
import { chmodSync, writeFileSync } from 'node:fs';
import { getEventListeners } from 'node:events';
import t from 'tap';
import { connectSocket } from '../../native/unix-socket.js';
import { Peer } from '../../src/index.js';
import { asUser } from '../helper/as-user.js';
import { run } from '../helper/command.js';
import { openDescriptors } from '../helper/descriptor-balance.js';
import { need } from '../helper/need.js';
import { ScriptServer, type Sent } from '../helper/script-server.js';
import { temp } from '../helper/temp.js';

/** A whole handshake: the first peer of a region with two vectors. */
function handshake({ memory, doorbells }: ScriptServer): readonly Sent[] {
  const own = doorbells.map((fd): Sent => ['0000000000000000', fd]);
  return [['0000000000000000'], ['0000000000000000'], ['ffffffffffffffff', memory], ...own];
}

const progress = [
  'it sent no ID',
  'it sent no ID',
  'it sent no memory',
  'it sent 0 of 3 vectors',
  'it sent 1 of 3 vectors',
  'it sent 2 of 3 vectors',
];

for (const [count, message] of progress.entries()) {
  t.test(`a server that stalls after ${count} messages is ERR_IVSHMEM_TIMEOUT`, async (t) => {
    const server = new ScriptServer(t);
    const before = openDescriptors();
    const connecting = Peer.connect({ socket: server.socket, vectors: 3, timeoutMs: 400 });
    const rejected = t.rejects(connecting, {
      name: 'PeerError',
      code: 'ERR_IVSHMEM_TIMEOUT',
      message: new RegExp(`${message}$`),
    });
    const connection = await server.serve(handshake(server).slice(0, count));
    await rejected;
    connection.close();
    t.same(openDescriptors(), before);
  });

  t.test(`a signal ends the wait after ${count} messages with its reason`, async (t) => {
    const server = new ScriptServer(t);
    const before = openDescriptors();
    const controller = new AbortController();
    const { signal } = controller;
    const reason = new Error('enough');
    const rejected = t.rejects(Peer.connect({ socket: server.socket, vectors: 3, signal }), reason);
    const connection = await server.serve(handshake(server).slice(0, count));
    await connection.isRead();
    controller.abort(reason);
    await rejected;
    t.equal(getEventListeners(signal, 'abort').length, 0);
    connection.close();
    t.same(openDescriptors(), before);
  });
}

t.test('a time of 0 is over at once, an endless one never', async (t) => {
  const server = new ScriptServer(t);
  const late = { code: 'ERR_IVSHMEM_TIMEOUT' };
  await t.rejects(Peer.connect({ socket: server.socket, timeoutMs: 0 }), late);
  (await server.accept()).close();
  const connecting = Peer.connect({ socket: server.socket, timeoutMs: Infinity });
  await server.serve(handshake(server));
  (await connecting).close();
});

t.test(
  'a server that never accepts is ERR_IVSHMEM_TIMEOUT, and one that does later is joined',
  async (t) => {
    const server = new ScriptServer(t, { backlog: 0 });
    const before = openDescriptors();
    const first = connectSocket(server.socket)!;
    t.equal(connectSocket(server.socket), undefined, 'the backlog is full');
    const { socket } = server;
    await t.rejects(Peer.connect({ socket, timeoutMs: 50 }), {
      code: 'ERR_IVSHMEM_TIMEOUT',
      message: /its backlog is full$/,
    });
    const controller = new AbortController();
    const reason = new Error('enough');
    const aborted = Peer.connect({ socket, signal: controller.signal });
    controller.abort(reason);
    await t.rejects(aborted, reason);
    const connecting = Peer.connect({ socket });
    (await server.accept()).close();
    first.close();
    const connection = await server.serve(handshake(server));
    const peer = await connecting;
    t.equal(peer.vectors, 2);
    peer.close();
    connection.close();
    t.same(openDescriptors(), before);
  },
);

t.test('a server that goes while its backlog is full is ECONNREFUSED', async (t) => {
  const server = new ScriptServer(t, { backlog: 0 });
  const first = connectSocket(server.socket)!;
  t.teardown(() => first.close());
  const connecting = Peer.connect({ socket: server.socket });
  server.close();
  await t.rejects(connecting, { code: 'ECONNREFUSED', path: server.socket });
});

t.test('a signal that came before is the reason, and nobody is connected to', async (t) => {
  const server = new ScriptServer(t, { backlog: 0 });
  const reason = new Error('too early');
  const signal = AbortSignal.abort(reason);
  await t.rejects(Peer.connect({ socket: server.socket, signal }), reason);
  const socket = connectSocket(server.socket);
  t.ok(socket, 'there is room in the backlog');
  socket?.close();
});

t.test('a signal that comes after the welcome does nothing', async (t) => {
  const server = new ScriptServer(t);
  const controller = new AbortController();
  const connecting = Peer.connect({ socket: server.socket, signal: controller.signal });
  await server.serve(handshake(server));
  const peer = await connecting;
  t.equal(getEventListeners(controller.signal, 'abort').length, 0);
  controller.abort();
  t.ok(peer.isConnected);
  t.ok(peer.ring(0, 0));
  peer.close();
});

t.test('where no server is, the error is that of the kernel, with the path', async (t) => {
  const directory = temp(t);
  writeFileSync(`${directory}/file`, '');
  const server = new ScriptServer(t);
  server.close();
  const before = openDescriptors();
  for (const [socket, code] of [
    [`${directory}/missing`, 'ENOENT'],
    [`${directory}/file/s`, 'ENOTDIR'],
    [`${directory}/file`, 'ECONNREFUSED'],
    [server.socket, 'ECONNREFUSED'],
    ['s'.repeat(108), 'ENAMETOOLONG'],
    ['', 'EINVAL'],
    ['a\0b', 'EINVAL'],
  ] as const) {
    const error = { name: 'SystemError', code, syscall: 'connect', path: socket };
    await t.rejects(Peer.connect({ socket }), error);
  }
  t.same(openDescriptors(), before);
});

t.test('a socket that we may not write to is EACCES', need('root'), async (t) => {
  const server = new ScriptServer(t);
  chmodSync(server.socket.replace(/\/s$/, ''), 0o755);
  chmodSync(server.socket, 0o600);
  const front = new URL('../../src/index.js', import.meta.url).href;
  const script = `const { Peer } = await import(${JSON.stringify(front)});
    await Peer.connect({ socket: ${JSON.stringify(server.socket)} }).catch(({ code, syscall, path }) => {
      console.log(JSON.stringify({ code, syscall, path }));
    });`;
  const argv = [...asUser(65_534), process.execPath, '--input-type=module', '-e', script];
  const { stdout, stderr } = await run(t, argv);
  t.same(JSON.parse(stdout), { code: 'EACCES', syscall: 'connect', path: server.socket }, stderr);
});

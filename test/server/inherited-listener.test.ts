// A socket that somebody else opened: it is used, and nothing of it changes.
import { chmodSync, existsSync, lstatSync, readdirSync } from 'node:fs';
import t, { type Test } from 'tap';
import { Fd } from '../../native/fd.js';
import { makeOurs, socketKind } from '../../native/inherited-socket.js';
import { libc } from '../../native/libc.js';
import { check } from '../../native/system-error.js';
import {
  acceptSocket,
  bindSocket,
  connectSocket,
  listenSocket,
  peerCredentials,
} from '../../native/unix-socket.js';
import { Daemon } from '../../src/server/daemon.js';
import type { ServerOptions } from '../../src/server/options.js';
import { Server } from '../../src/server/server.js';
import { failing } from '../helper/fault.js';
import { need } from '../helper/need.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { temp } from '../helper/temp.js';

/** Somebody else's socket at this path, with a short queue; it is closed with the test. */
function opened(t: Test, path: string): Fd {
  const fd = new Fd(check(libc.socket(1, 1, 0), 'socket'));
  t.teardown(() => fd.close());
  bindSocket(fd, path);
  chmodSync(path, 0o640);
  listenSocket(fd, 1);
  makeOurs(fd);
  return fd;
}

async function serve(t: Test, options: ServerOptions): Promise<Server> {
  const server = await Server.listen(options);
  t.teardown(() => server.close());
  return server;
}

t.test('it is where peers join, and is as it was when the server has ended', async (t) => {
  const socket = `${temp(t)}/s`;
  const fd = opened(t, socket);
  const before = lstatSync(socket);
  const inherited = new Map([[socket, fd]]);
  const server = await serve(t, { socket, inherited, socketMode: 0o600 });
  t.equal((await SocketPeer.join(t, socket, { vectors: 1 })).id, 0);
  server.change({ socket, inherited, socketMode: 0o666 });
  await server.close();
  const after = lstatSync(socket);
  for (const what of ['mode', 'ino', 'uid', 'gid'] as const)
    t.equal(after[what], before[what], what);
  t.ok(fd.isOpen);
  t.match(socketKind(fd), { isListening: true, isShutDown: false });
  t.notOk(existsSync(`${socket}.lock`), 'its lock has gone');
});

t.test('who queues at the end is served by the next server', async (t) => {
  const socket = `${temp(t)}/s`;
  const inherited = new Map([[socket, opened(t, socket)]]);
  await (await serve(t, { socket, inherited })).close();
  const joins = SocketPeer.join(t, socket, { vectors: 1 });
  await serve(t, { socket, inherited });
  t.equal((await joins).id, 0);
});

t.test('whoever connects sees the server behind it, and not who opened it', async (t) => {
  const socket = `${temp(t)}/s`;
  const fd = opened(t, socket);
  let calls = 0;
  const { listen } = libc;
  t.teardown(() => (libc.listen = listen));
  libc.listen = (rawFd, backlog) => {
    if (rawFd === fd.rawFd) calls += 1;
    return listen(rawFd, backlog);
  };
  await serve(t, { socket, inherited: new Map([[socket, fd]]) });
  t.equal(calls, 1, 'the kernel names who called listen(2) last');
  using here = connectSocket(socket)!;
  t.equal(peerCredentials(here).pid, process.pid);
});

t.test('a region of this process that has the socket already is said', async (t) => {
  const socket = `${temp(t)}/s`;
  const inherited = new Map([[socket, opened(t, socket)]]);
  await serve(t, { socket, inherited });
  await t.rejects(Server.listen({ socket, inherited }), {
    code: 'ERR_IVSHMEM_SOCKET_IN_USE',
    message: `another region of this server has ${socket}`,
  });
});

t.test('a server that wants the path for itself finds it served', async (t) => {
  const socket = `${temp(t)}/s`;
  const fd = opened(t, socket);
  await t.rejects(Server.listen({ socket }), { code: 'ERR_IVSHMEM_SOCKET_IN_USE' });
  acceptSocket(fd)?.close();
  t.ok(lstatSync(socket).isSocket());
});

t.test('where no lock can be made it is served without', need('root'), async (t) => {
  const directory = temp(t);
  const socket = `${directory}/s`;
  const inherited = new Map([[socket, opened(t, socket)]]);
  chmodSync(directory, 0o755);
  process.seteuid!(65_534);
  t.teardown(() => process.seteuid!(0));
  const server = await Server.listen({ socket, inherited });
  process.seteuid!(0);
  t.same(readdirSync(directory), ['s']);
  t.equal((await SocketPeer.join(t, socket, { vectors: 1 })).id, 0);
  await server.close();
  t.same(readdirSync(directory), ['s']);
});

t.test('a socket that cannot listen leaves nothing behind', async (t) => {
  const directory = temp(t);
  const socket = `${directory}/s`;
  const inherited = new Map([[socket, opened(t, socket)]]);
  failing(t, 'listen', 'ENOBUFS', { times: 1 });
  await t.rejects(Server.listen({ socket, inherited }), { code: 'ENOBUFS' });
  t.same(readdirSync(directory), ['s']);
});

t.test('a VM that goes by a reload leaves its socket open for one that comes back', async (t) => {
  const directory = temp(t);
  const [socket, own] = [`${directory}/s`, `${directory}/vm`];
  const fd = opened(t, own);
  const options = { socket, inherited: new Map([[own, fd]]) };
  const vms = [{ name: 'a', socket: own }];
  await using daemon = await Daemon.listen([{ ...options, vms }]);
  await daemon.apply([options]);
  const joins = SocketPeer.join(t, own, { vectors: 1 });
  t.same(readdirSync(directory).sort(), ['s', 's.lock', 'vm']);
  t.same((await daemon.apply([{ ...options, vms }])).refused, []);
  t.ok(fd.isOpen);
  const { id } = await joins;
  t.match(daemon.servers[0]?.vms, [{ name: 'a', peer: { id } }]);
});

t.test(
  'one that a region of this process has is not another one’s, be there a lock or not',
  need('root'),
  async (t) => {
    const directory = temp(t);
    const socket = `${directory}/s`;
    const inherited = new Map([[socket, opened(t, socket)]]);
    // The directory is not ours then: no lock can be had.
    chmodSync(directory, 0o755);
    process.seteuid!(65_534);
    t.teardown(() => process.seteuid!(0));
    const daemon = await Daemon.listen([{ name: 'lab', socket, inherited }]);
    t.teardown(() => daemon.close({ timeoutMs: 0 }));
    const { refused, added } = await daemon.apply([
      { name: 'lab', socket, inherited },
      { name: 'two', socket, inherited },
    ]);
    t.same(added, []);
    t.match(refused, [{ region: 'two', error: { code: 'ERR_IVSHMEM_SOCKET_IN_USE' } }]);
    process.seteuid!(0);
    t.equal((await SocketPeer.join(t, socket, { vectors: 1 })).id, 0, 'and the first goes on');
  },
);

// Whom `ivshmem qemu-args` asks, and that it connects to nobody else.
import { mkdirSync, symlinkSync } from 'node:fs';
import t from 'tap';
import {
  acceptSocket,
  bindSocket,
  createUnixSocket,
  listenSocket,
} from '../../native/unix-socket.js';
import { askServer } from '../../src/cli/ask-server.js';
import { runQemuArgs } from '../helper/qemu-args.js';
import { Region } from '../helper/region.js';
import { temp } from '../helper/temp.js';

t.test('the socket beside the one that is named is asked', async (t) => {
  const region = await Region.listenWithHost(t, { vectors: 3 });
  t.match(await askServer({ socket: region.socket }), { socket: region.socket, vectors: 3 });
  t.equal(region.joins, 0);
});

t.test('a socket for host commands may be named as such', async (t) => {
  const directory = temp(t);
  const [socket, hostSocket] = [`${directory}/s`, `${directory}/commands`];
  await Region.listenWithHost(t, { socket, hostSocket });
  t.equal((await askServer({ hostSocket })).socket, socket, "the server's word");
  t.equal((await askServer({ socket: '/elsewhere', hostSocket })).socket, '/elsewhere');
  await t.rejects(askServer({ socket }), {
    name: 'CommandError',
    message: /^nobody to ask at .*\/s\.host \(ENOENT\), .* with --host-socket$/,
  });
});

t.test('a socket of VMs that is called .host is not joined, whatever is beside it', async (t) => {
  const directory = temp(t);
  mkdirSync(`${directory}/lab`);
  const [socket, hostSocket] = [`${directory}/lab.host`, `${directory}/commands`];
  const region = await Region.listenWithHost(t, { socket, hostSocket });
  await t.rejects(askServer({ socket }), {
    name: 'CommandError',
    message: `nobody to ask at ${socket}.host (ENOENT), and to connect to ${socket} would be to join; `,
  });
  t.equal((await askServer({ socket, hostSocket })).nextId, 0);
  t.same([region.joins, region.server.idsLeft], [0, 65_536]);
});

t.test('VMs are told the path that was named, wherever the server thinks it is', async (t) => {
  const region = await Region.listenWithHost(t, {});
  const link = `${temp(t)}/link`;
  symlinkSync(region.socket, link);
  symlinkSync(region.hostSocket, `${link}.host`);
  t.equal((await askServer({ socket: link })).socket, link);
});

t.test('who can only be joined is not connected to, and the remedy is told', async (t) => {
  const directory = temp(t);
  for (const name of ['s', 'x'.repeat(106 - directory.length)]) {
    const socket = `${directory}/${name}`;
    using listener = createUnixSocket();
    bindSocket(listener, socket);
    listenSocket(listener, 8);
    const { code, stdout, stderr } = await runQemuArgs(t, '--socket', socket);
    t.equal(code, 1);
    t.equal(stdout, '');
    t.match(stderr, /^ivshmem qemu-args: nobody to ask .* would be to join; serve it by .*\n$/);
    t.equal(acceptSocket(listener), undefined, 'nobody has connected');
  }
});

t.test('a server that died is told from none at all', async (t) => {
  const directory = temp(t);
  const socket = `${directory}/s`;
  for (const path of [socket, `${socket}.host`]) {
    using dead = createUnixSocket();
    bindSocket(dead, path);
  }
  await t.rejects(askServer({ socket }), { name: 'CommandError', message: /ECONNREFUSED/ });
  const none = `${directory}/none`;
  await t.rejects(askServer({ socket: none }), { code: 'ENOENT', path: none });
});

t.test('an empty path is no socket', async (t) => {
  for (const option of ['socket', 'hostSocket'] as const) {
    await t.rejects(askServer({ [option]: '' }), { code: 'ERR_IVSHMEM_OPTION', option });
  }
});

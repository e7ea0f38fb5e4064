// A kernel that says no while a peer joins our own server: nothing leaks, and what can be repeated is.
import t from 'tap';
import { Peer } from '../../src/index.js';
import { openDescriptors } from '../helper/descriptor-balance.js';
import { failing, type CallName, type ErrnoName } from '../helper/fault.js';
import { ScriptServer } from '../helper/script-server.js';

/** Messages of the handshake: each takes one recvmsg. */
const MESSAGES = 4;

/** Joins a server that sends the whole handshake; gives the peer or the error. */
async function connect(server: ScriptServer): Promise<Peer | Error> {
  const connecting = Peer.connect({ socket: server.socket, vectors: 1 }).catch(
    (error: unknown) => error as Error,
  );
  const connection = await Promise.race([server.accept(), connecting]);
  if (connection instanceof Error || connection instanceof Peer) return connection;
  connection.send('0000000000000000');
  connection.send('0000000000000000');
  connection.send('ffffffffffffffff', server.memory);
  connection.send('0000000000000000', server.doorbells[0]);
  const result = await connecting;
  connection.close();
  return result;
}

const fatal: readonly (readonly [CallName, readonly ErrnoName[]])[] = [
  ['socket', ['EMFILE', 'ENFILE', 'ENOMEM', 'EACCES']],
  ['connect', ['ECONNREFUSED', 'EACCES', 'EPROTOTYPE', 'ENOENT']],
];

for (const [call, codes] of fatal) {
  for (const code of codes) {
    t.test(`${call} that fails with ${code} is the error`, async (t) => {
      const server = new ScriptServer(t);
      const before = openDescriptors();
      const fault = failing(t, call, code);
      await t.rejects(Peer.connect({ socket: server.socket }), { code, syscall: call });
      fault.restore();
      t.same(openDescriptors(), before);
    });
  }
}

for (let after = 0; after < MESSAGES; after += 1) {
  for (const code of ['ECONNRESET', 'ENOMEM', 'EFAULT'] as const) {
    t.test(`recvmsg number ${after + 1} that fails with ${code} is the error`, async (t) => {
      const server = new ScriptServer(t);
      const before = openDescriptors();
      failing(t, 'recvmsg', code, { after, times: 1 });
      t.match(await connect(server), { name: 'SystemError', code, syscall: 'recvmsg' });
      t.same(openDescriptors(), before);
    });
  }
}

for (const [call, code] of [
  ['connect', 'EAGAIN'],
  ['connect', 'EINTR'],
  ['recvmsg', 'EAGAIN'],
  ['recvmsg', 'EINTR'],
] as const) {
  t.test(`${call} that has to be repeated (${code}) is repeated`, async (t) => {
    const server = new ScriptServer(t);
    const before = openDescriptors();
    for (let after = 0; after < MESSAGES; after += 1) {
      const fault = failing(t, call, code, { after: call === 'connect' ? 0 : after, times: 3 });
      const peer = await connect(server);
      fault.restore();
      if (peer instanceof Error) throw peer;
      t.match(peer, { id: 0, vectors: 1 });
      peer.close();
    }
    t.same(openDescriptors(), before);
  });
}

t.test('a memory that cannot be mapped is the error, and can be tried again', async (t) => {
  const server = new ScriptServer(t);
  const peer = await connect(server);
  if (peer instanceof Error) throw peer;
  const fault = failing(t, 'mmap', 'ENOMEM');
  t.throws(() => peer.memory, { code: 'ENOMEM', syscall: 'mmap' });
  t.throws(() => peer.map({ offset: 0, length: 1 }), { code: 'ENOMEM', syscall: 'mmap' });
  fault.restore();
  t.equal(peer.memory.byteLength, 4096);
  peer.close();
});

t.test('a ring that the kernel refuses is the error', async (t) => {
  const server = new ScriptServer(t);
  const peer = await connect(server);
  if (peer instanceof Error) throw peer;
  const fault = failing(t, 'eventfd_write', 'EBADF');
  t.throws(() => peer.ring(0, 0), { code: 'EBADF', syscall: 'write' });
  fault.restore();
  t.ok(peer.ring(0, 0));
  t.same(await peer.nextInterrupt(), { vector: 0, count: 1 });
  peer.close();
});

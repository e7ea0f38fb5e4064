// A server that breaks the protocol before its welcome is complete: each fault has its code, and
// nothing is left open.
import { openSync } from 'node:fs';
import t, { type Test } from 'tap';
import { Fd } from '../../native/fd.js';
import { Peer } from '../../src/index.js';
import { openDescriptors } from '../helper/descriptor-balance.js';
import { ScriptServer, type Sent } from '../helper/script-server.js';
import { withoutRoomUntil } from '../native/no-room.js';

const version: Sent = ['0000000000000000'];
const id: Sent = ['0100000000000000'];

type Act = (server: ScriptServer) => readonly Sent[];

/** Connects to a server that sends this; gives the error. */
async function failure(t: Test, act: Act): Promise<Error> {
  const server = new ScriptServer(t);
  const messages = act(server);
  const before = openDescriptors();
  const connecting = Peer.connect({ socket: server.socket, timeoutMs: 15_000 });
  const connection = await server.serve(messages);
  const error = await connecting.then(
    () => new Error('it joined'),
    (reason: unknown) => reason as Error,
  );
  connection.close();
  t.same(openDescriptors(), before, 'nothing is left open');
  return error;
}

/** The welcome up to the memory, then this. */
function afterMemory(then: Act): Act {
  return (server) => [version, id, ['ffffffffffffffff', server.memory], ...then(server)];
}

for (const [hex, refusal, text] of [
  ['ffffffffffffffff', -1, /^the server refused: -1 EPERM, /],
  ['f3ffffffffffffff', -13, /-13 EACCES, no rule of access lets it in; its log says more$/],
  ['e8ffffffffffffff', -24, /-24 EMFILE, the server has no descriptors left /],
  ['a9ffffffffffffff', -87, /-87 EUSERS, as many peers as the region takes /],
  ['60f0ffffffffffff', -4000, /-4000 E4000, /],
  ['0000000000000080', -(2 ** 63), /^the server refused: -9223372036854776000 /],
] as const) {
  t.test(`the version ${refusal} is a refusal that names its errno`, async (t) => {
    const refused = { name: 'ProtocolError', code: 'ERR_IVSHMEM_REFUSED', refusal, message: text };
    t.match(await failure(t, () => [[hex]]), refused);
    t.match(await failure(t, ({ memory }) => [[hex, memory]]), refused, 'with a descriptor, too');
  });
}

const faults: Readonly<Record<string, readonly [code: string, act: Act]>> = {
  'version 1': ['ERR_IVSHMEM_VERSION', () => [['0100000000000000']]],
  'the highest version': ['ERR_IVSHMEM_VERSION', () => [['ffffffffffffff7f']]],
  'a version with a descriptor': [
    'ERR_IVSHMEM_VERSION',
    ({ memory }) => [['0000000000000000', memory]],
  ],
  'the ID 65536': ['ERR_IVSHMEM_ID', () => [version, ['0000010000000000']]],
  'the ID −1': ['ERR_IVSHMEM_ID', () => [version, ['ffffffffffffffff']]],
  'an ID with a descriptor': [
    'ERR_IVSHMEM_ID',
    ({ memory }) => [version, ['0100000000000000', memory]],
  ],
  'a memory without descriptor': ['ERR_IVSHMEM_MEMORY', () => [version, id, ['ffffffffffffffff']]],
  'a memory that is called −2': [
    'ERR_IVSHMEM_MEMORY',
    ({ memory }) => [version, id, ['feffffffffffffff', memory]],
  ],
  'own vectors before the memory': [
    'ERR_IVSHMEM_MEMORY',
    ({ doorbells }) => [version, id, ['0100000000000000', doorbells[0]]],
  ],
  'a join of 65536': [
    'ERR_IVSHMEM_JOIN',
    afterMemory(({ doorbells }) => [['0000010000000000', doorbells[0]]]),
  ],
  'a second memory': [
    'ERR_IVSHMEM_JOIN',
    afterMemory(({ memory }) => [['ffffffffffffffff', memory]]),
  ],
  'an own doorbell that is a memory': [
    'ERR_IVSHMEM_JOIN',
    afterMemory(({ memory }) => [['0100000000000000', memory]]),
  ],
  'a leave of somebody unknown': ['ERR_IVSHMEM_LEAVE', afterMemory(() => [['0700000000000000']])],
  'a leave of oneself': ['ERR_IVSHMEM_LEAVE', afterMemory(() => [['0100000000000000']])],
  'a leave of −1': ['ERR_IVSHMEM_LEAVE', afterMemory(() => [['ffffffffffffffff']])],
  'a leave that comes twice': [
    'ERR_IVSHMEM_LEAVE',
    afterMemory(({ doorbells }) => [
      ['0000000000000000', doorbells[0]],
      ['0000000000000000'],
      ['0000000000000000'],
    ]),
  ],
  'two descriptors in one message': [
    'ERR_IVSHMEM_TRUNCATED',
    afterMemory(({ doorbells }) => [['0000000000000000', ...doorbells]]),
  ],
  'two descriptors in two pieces of a message': [
    'ERR_IVSHMEM_TRUNCATED',
    afterMemory(({ doorbells: [first, second] }) => [
      ['00000000', first],
      ['00000000', second],
    ]),
  ],
};

for (const [name, [code, act]] of Object.entries(faults)) {
  t.test(`${name} is ${code}`, async (t) => {
    t.match(await failure(t, act), { code });
  });
}

t.test('an own doorbell that cannot be watched does not abort the process', async (t) => {
  const device = new Fd(openSync('/dev/null', 'r+'));
  t.teardown(() => device.close());
  const act = afterMemory(() => [['0100000000000000', device]]);
  t.match(await failure(t, act), {
    code: 'ERR_IVSHMEM_JOIN',
    message: 'our vector 0 is no eventfd',
  });
});

t.test('vector 2048 is one too many', async (t) => {
  const server = new ScriptServer(t);
  const before = openDescriptors();
  const connecting = Peer.connect({ socket: server.socket });
  const { memory, doorbells } = server;
  const connection = await server.serve([version, id, ['ffffffffffffffff', memory]]);
  const rejected = t.rejects(connecting, {
    code: 'ERR_IVSHMEM_JOIN',
    message: 'the server sent vector 2048 of peer 0',
  });
  for (let vector = 0; vector <= 2_048; vector += 1) {
    connection.send('0000000000000000', doorbells[0]);
    if (vector % 64 === 0) await connection.isRead();
  }
  await rejected;
  connection.close();
  t.same(openDescriptors(), before);
});

t.test('a descriptor for which this process has no room is ERR_IVSHMEM_TRUNCATED', async (t) => {
  const server = new ScriptServer(t);
  const before = openDescriptors();
  const connecting = Peer.connect({ socket: server.socket });
  const connection = await server.serve([version, id]);
  await connection.isRead();
  await withoutRoomUntil(async () => {
    connection.send('ffffffffffffffff', server.memory);
    await t.rejects(connecting, { code: 'ERR_IVSHMEM_TRUNCATED', message: /ulimit -n/ });
  });
  connection.close();
  t.same(openDescriptors(), before);
});

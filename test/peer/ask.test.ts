// Asking what a region is: the answer, and every other thing that may come instead.
import { execFileSync } from 'node:child_process';
import { chmodSync, symlinkSync } from 'node:fs';
import { dirname } from 'node:path';
import t, { type Test } from 'tap';
import type { Fd } from '../../native/fd.js';
import {
  acceptSocket,
  bindSocket,
  connectSocket,
  createUnixSocket,
  listenSocket,
  sendBytes,
} from '../../native/unix-socket.js';
import { ask } from '../../src/peer/ask.js';
import { openDescriptors } from '../helper/descriptor-balance.js';
import { need } from '../helper/need.js';
import { Region } from '../helper/region.js';
import { ScriptServer, type Sent } from '../helper/script-server.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';
import { unprivileged } from '../native/other-user.js';

const hex = (text: string): string => Buffer.from(text).toString('hex');
const line =
  '{"pid":7,"socket":"/s","vectors":4,"memory":{"kind":"shm","sizeBytes":4096,"path":"/m","device":"1","inode":"2"},"nextId":null}\n';

t.test('a region tells what it is, and who asked leaves nothing open', async (t) => {
  const region = await Region.listenWithHost(t, { vectors: 4, size: 2 ** 20 });
  const before = openDescriptors();
  const { path } = region.server.memory;
  const description = await ask(region.hostSocket);
  t.same(description, {
    pid: process.pid,
    visiblePid: process.pid,
    socket: region.socket,
    vectors: 4,
    memory: {
      kind: 'memfd',
      sizeBytes: 1_048_576,
      path,
      device: execFileSync('stat', ['-L', '-c', '%d', path], { encoding: 'utf8' }).trim(),
      inode: execFileSync('stat', ['-L', '-c', '%i', path], { encoding: 'utf8' }).trim(),
    },
    nextId: 0,
  });
  t.same(openDescriptors(), before);
  t.equal(region.joins, 0);
});

t.test('many may ask at once', async (t) => {
  const region = await Region.listenWithHost(t, {});
  const answers = await Promise.all(Array.from({ length: 100 }, () => ask(region.hostSocket)));
  t.equal(answers.filter(({ nextId }) => nextId === 0).length, 100);
});

t.test('an answer may come in pieces', async (t) => {
  const server = new ScriptServer(t);
  const asking = ask(server.socket);
  const connection = await server.accept();
  for (const character of line) {
    connection.send(hex(character));
    await connection.isRead();
  }
  connection.close();
  t.match(await asking, { pid: 7, socket: '/s', nextId: null });
});

t.test('where nobody listens the error is that of the socket', async (t) => {
  const path = `${temp(t)}/s`;
  await t.rejects(ask(path), { code: 'ENOENT', syscall: 'connect', path });
});

t.test('a server that ends without a word is ERR_IVSHMEM_HANG_UP', async (t) => {
  const server = new ScriptServer(t);
  const before = openDescriptors();
  const rejected = t.rejects(ask(server.socket), { code: 'ERR_IVSHMEM_HANG_UP' });
  (await server.accept()).close();
  await rejected;
  t.same(openDescriptors(), before);
});

const others: Readonly<Record<string, (server: ScriptServer) => readonly Sent[]>> = {
  'a welcome': ({ memory }) => [
    ['0000000000000000'],
    ['0000000000000000'],
    ['ffffffffffffffff', memory],
  ],
  'a version that is no errno': () => [['00efffffffffffff']],
  'an answer with a descriptor where none belongs': ({ memory }) => [[hex('no'), memory]],
};
for (const [what, messages] of Object.entries(others)) {
  t.test(`${what} is no answer, and is not waited for to end`, async (t) => {
    const server = new ScriptServer(t);
    const before = openDescriptors();
    const rejected = t.rejects(ask(server.socket), { code: 'ERR_IVSHMEM_ANSWER' });
    const connection = await server.serve(messages(server));
    await rejected;
    connection.close();
    t.same(openDescriptors(), before);
  });
}

t.test('a refusal is told with its reason', async (t) => {
  const server = new ScriptServer(t);
  const before = openDescriptors();
  const refused = { code: 'ERR_IVSHMEM_REFUSED', refusal: -13, message: /rule of access/ };
  const rejected = t.rejects(ask(server.socket), refused);
  const connection = await server.serve([['f3ffffffffffffff']]);
  await rejected;
  connection.close();
  t.same(openDescriptors(), before);
});

t.test('an answer without end is read only so far', async (t) => {
  const server = new ScriptServer(t);
  const rejected = t.rejects(ask(server.socket), { code: 'ERR_IVSHMEM_ANSWER' });
  const connection = await server.accept();
  connection.send(hex('{'));
  for (let count = 0; count < 100; count += 1) connection.send(hex('x'.repeat(200)));
  await rejected;
});

t.test('a server that is silent, or stops in the middle, is ERR_IVSHMEM_TIMEOUT', async (t) => {
  const server = new ScriptServer(t);
  const before = openDescriptors();
  for (const messages of [[], [hex(line.slice(0, 20))]]) {
    const code = 'ERR_IVSHMEM_TIMEOUT';
    const rejected = t.rejects(ask(server.socket, { timeoutMs: 200 }), { code });
    const connection = await server.serve(messages.map((message): Sent => [message]));
    await rejected;
    connection.close();
  }
  t.same(openDescriptors(), before);
});

t.test('a full backlog is waited for, and so long at most', async (t) => {
  const server = new ScriptServer(t, { backlog: 0 });
  const first = t.rejects(ask(server.socket), { code: 'ERR_IVSHMEM_HANG_UP' });
  await t.rejects(ask(server.socket, { timeoutMs: 50 }), { code: 'ERR_IVSHMEM_TIMEOUT' });
  const second = ask(server.socket);
  (await server.accept()).close();
  await first;
  const connection = await server.serve([[hex(line)]]);
  connection.close();
  t.match(await second, { pid: 7 });
});

/** A socket in a directory of this mode, on which another user serves. */
function strangersSocket(t: Test, mode: number): { socket: string; listener: Fd } {
  const directory = temp(t);
  const socket = `${directory}/s`;
  const listener = createUnixSocket();
  t.teardown(() => {
    listener.close();
  });
  bindSocket(listener, socket);
  unprivileged(() => {
    listenSocket(listener, 8);
  });
  chmodSync(directory, mode);
  return { socket, listener };
}

/** An answer for the next who asks, and the end. */
async function answerNext(listener: Fd): Promise<void> {
  using connection = await until('somebody asks', () => acceptSocket(listener));
  sendBytes(connection, Buffer.from(line));
}

for (const mode of [0o1777, 0o777, 0o1700, 0o702]) {
  const title = `a stranger in a directory of mode ${mode.toString(8)} is not believed`;
  t.test(title, need('root'), async (t) => {
    const { socket } = strangersSocket(t, mode);
    const link = `${temp(t)}/link`;
    symlinkSync(socket, link);
    const before = openDescriptors();
    for (const path of [socket, link]) {
      await t.rejects(ask(path), {
        code: 'ERR_IVSHMEM_STRANGER',
        message: `user 65534 serves on ${path}, and anybody may put a socket into ${dirname(socket)}`,
      });
    }
    t.same(openDescriptors(), before);
  });
}

t.test('in a directory of its own a server may be of any user', need('root'), async (t) => {
  const { socket, listener } = strangersSocket(t, 0o755);
  const answered = answerNext(listener);
  t.match(await ask(socket), { pid: 7 });
  await answered;
});

t.test('a link that a stranger put up is not believed', need('root'), async (t) => {
  const { socket } = strangersSocket(t, 0o755);
  const open = temp(t);
  chmodSync(open, 0o1777);
  symlinkSync(socket, `${open}/s`);
  await t.rejects(ask(`${open}/s`), { code: 'ERR_IVSHMEM_STRANGER' });
});

t.test('where everybody may put sockets we ourselves and root are believed', async (t) => {
  const directory = temp(t);
  chmodSync(directory, 0o1777);
  const socket = `${directory}/s`;
  await Region.listenWithHost(t, { socket, hostSocket: `${socket}.host`, socketMode: 0o666 });
  t.match(await ask(`${socket}.host`), { socket });
  if (process.getuid?.() !== 0) return;
  process.seteuid!(65_534);
  const asking = ask(`${socket}.host`);
  try {
    t.match(await asking, { socket }, 'root');
  } finally {
    process.seteuid!(0);
  }
});

t.test('connect and answer have one deadline, of 5 seconds if nobody says', async (t) => {
  const start = setTimeout;
  for (const [timeoutMs, atLeast, atMost] of [
    [600_000, 500_000, 600_000],
    [undefined, 4_000, 5_000],
  ] as const) {
    const server = new ScriptServer(t, { backlog: 0 });
    const full = connectSocket(server.socket)!;
    const waits: (number | undefined)[] = [];
    const timers = t.capture(globalThis, 'setTimeout', (act: () => void, delay?: number) => {
      if (delay !== undefined && delay >= 1_000) waits.push(delay);
      return start(act, delay);
    });
    const asking = ask(server.socket, { timeoutMs });
    await until('it waits for the backlog', () => waits.length === 1);
    (await server.accept()).close();
    full.close();
    const connection = await server.serve([]);
    await until('it waits for the answer', () => waits.length === 2);
    timers.restore();
    connection.send(hex(line));
    connection.close();
    await asking;
    const [connecting, answering] = waits as [number, number];
    t.equal(connecting, timeoutMs ?? 5_000);
    t.ok(answering > atLeast && answering < atMost, `${answering} ms are left`);
  }
});

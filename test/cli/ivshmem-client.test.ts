// `ivshmem-client` with standard streams that are no terminal, as a script uses it.
import { chmodSync } from 'node:fs';
import t, { type Test } from 'tap';
import {
  acceptSocket,
  bindSocket,
  createUnixSocket,
  listenSocket,
} from '../../native/unix-socket.js';
import { Peer } from '../../src/index.js';
import { asUser } from '../helper/as-user.js';
import { Child } from '../helper/child.js';
import { Client } from '../helper/client.js';
import { forEach, ivshmemClient, run, type Ended } from '../helper/command.js';
import { need } from '../helper/need.js';
import { Region } from '../helper/region.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';

/** Runs it with this input to its end. */
async function script(t: Test, input: string, args: readonly string[]): Promise<Ended> {
  const client = new Client(t, args);
  client.child.stdin.end(input);
  return { ...(await client.child.exit), stdout: client.said };
}

t.test('a wrong call ends with 2, the mistake and where help is', async (t) => {
  const calls = [
    [['-x'], 'there is no flag -x'],
    [['-F'], 'there is no flag -F'],
    [['-S'], '-S: its value is missing'],
    [['-S', ''], '-S: an empty path is no socket'],
    [['word'], "'word' is no flag"],
  ] as const;
  await forEach(calls, async ([args, reason]) => {
    const stderr = `ivshmem-client: ${reason}\nSee: ivshmem-client -h\n`;
    t.match(await script(t, '', args), { code: 2, stdout: '', stderr });
  });
});

t.test('help has the default, whatever else is given', async (t) => {
  const { code, stdout, stderr } = await script(t, '', ['-v', '-h']);
  t.match({ code, stderr }, { code: 0, stderr: '' });
  t.match(stdout, 'default /tmp/ivshmem_socket)');
});

t.test('without a server it ends with 1, the reason and the remedy', async (t) => {
  const directory = temp(t);
  const dead = createUnixSocket();
  bindSocket(dead, `${directory}/dead`);
  dead.close();
  const sockets = [
    [
      'missing',
      /^ENOENT: .* connect '.*\/missing'; no server is there: start one, or say with -S /,
    ],
    ['dead', /^ECONNREFUSED: .*; no server is there: /],
    ['s'.repeat(108), /^ENAMETOOLONG: /],
  ] as const;
  await forEach(sockets, async ([name, reason]) => {
    const { code, stdout, stderr } = await script(t, 'dump\n', ['-S', `${directory}/${name}`]);
    t.match({ code, stdout }, { code: 1, stdout: '' });
    t.match(stderr.replace(/^ivshmem-client: /, ''), reason);
  });
});

t.test('a socket of another user ends it with 1 and who may join', need('root'), async (t) => {
  const { socket } = await Region.listen(t, {});
  chmodSync(socket.replace(/\/s$/, ''), 0o755);
  const ended = await run(t, [...asUser(65_534), ...ivshmemClient, '-S', socket]);
  const reason =
    /^ivshmem-client: EACCES: .*; the socket's mode, owner and group decide who may join\n$/;
  t.match(ended, { code: 1, stdout: '', stderr: reason });
});

t.test('a refusal ends it with 1 and the reason', async (t) => {
  const region = await Region.listen(t, { maxPeers: 1 });
  await SocketPeer.join(t, region.socket, { vectors: 1 });
  const ended = await script(t, 'dump\n', ['-S', region.socket]);
  t.match(ended, {
    code: 1,
    stdout: '',
    stderr: /^ivshmem-client: the server refused: -87 EUSERS, /,
  });
});

t.test('what is piped in is done in order before the end', async (t) => {
  const region = await Region.listen(t, { vectors: 3 });
  const first = await SocketPeer.join(t, region.socket, { vectors: 3 });
  const second = await SocketPeer.join(t, region.socket, { vectors: 3 });
  const scripts = [
    ['int 0 all', 'rang peer 0, vectors 0–2\n', [0, 1, 2], []],
    ['int 1 0x2\n', 'rang peer 1, vector 2\n', [], [2]],
    [
      ' int  all \r\n\n',
      'rang peer 0, vectors 0–2\nrang peer 1, vectors 0–2\n',
      [0, 1, 2],
      [0, 1, 2],
    ],
    ['int 0 1\nint 1 0\n', 'rang peer 0, vector 1\nrang peer 1, vector 0\n', [1], [0]],
    ['quit\nint all\n', '', [], []],
    ['exit', '', [], []],
    ['', '', [], []],
  ] as const;
  for (const [input, answer, ...heard] of scripts) {
    const { code, stdout, stderr } = await script(t, input, ['-S', region.socket]);
    t.match({ code, stderr }, { code: 0, stderr: '' }, input);
    t.match(stdout, /^joined as peer \d+, vectors 0–2; the others: 0–1\n/);
    t.equal(stdout.split('\n').slice(1).join('\n'), answer);
    t.strictSame([await first.heard(), await second.heard()], heard);
    await Promise.all([first.forget(), second.forget()]);
  }
});

t.test('a command that fails names the mistake, the rest is done, and the end is 1', async (t) => {
  const region = await Region.listen(t, { vectors: 2 });
  const peer = await SocketPeer.join(t, region.socket, { vectors: 2 });
  const mistakes = [
    ['imt 0 all', "unknown command 'imt'; did you mean int?"],
    ['frobnicate', "unknown command 'frobnicate'; help lists all"],
    ['constructor', "unknown command 'constructor'; help lists all"],
    ['\u001b[2J', "unknown command '?[2J'; help lists all"],
    ['x'.repeat(41), `unknown command '${'x'.repeat(40)}…'; help lists all`],
    ['dump it', "dump: nothing may follow, and 'it' does"],
    ['quit now', "quit: nothing may follow, and 'now' does"],
    ['int', 'int: whom? int PEER VECTOR, int PEER all or int all'],
    ['int 0', 'int 0: which vector? int PEER VECTOR, int PEER all or int all'],
    ['int 0 1 2', "int 0 1: nothing may follow, and '2' does"],
    ['int all 1', "int all: nothing may follow, and '1' does"],
    ['int x 0', "int: 'x' is no peer ID: 0–65535, or all"],
    ['int -1 0', "int: '-1' is no peer ID: 0–65535, or all"],
    ['int 65536 0', "int: '65536' is no peer ID: 0–65535, or all"],
    ['int 0 x', "int: 'x' is no vector: 0–2047, or all"],
    ['int 0 2048', "int: '2048' is no vector: 0–2047, or all"],
    ['int 0 2', 'peer 0 has 2 vectors: 0–1, not 2'],
    ['int 7 all', 'peer 7 is not there; this is peer 1, the other: 0'],
    ['int 7 0', 'peer 7 is not there; this is peer 1, the other: 0'],
  ] as const;
  const input = [...mistakes.map(([line]) => line), 'int 0 1'].join('\n');
  const { code, stdout, stderr } = await script(t, input, ['-S', region.socket]);
  t.equal(code, 1);
  t.match(stdout, /\nrang peer 0, vector 1\n$/);
  const lines = mistakes.map(([, message], n) => `ivshmem-client: line ${n + 1}: ${message}`);
  t.strictSame(stderr.split('\n'), [...lines, '']);
  t.strictSame(await peer.heard(), [1]);
});

t.test('dump tells the own ID, the memory and who is there', async (t) => {
  const region = await Region.listen(t, { vectors: 2, size: 2 ** 21 });
  const alone = await script(t, 'dump\nint all\n', ['-S', region.socket, '-v']);
  t.equal(
    alone.stdout,
    `connected to ${region.socket}; memory 2M\n` +
      'joined as peer 0, vectors 0–1; nobody else is there\n' +
      'own ID 0, vectors 0–1\nmemory 2097152 bytes (2M)\nno other peer is there\n',
  );
  t.equal(alone.code, 0);
  for (let n = 0; n < 3; n += 1) await SocketPeer.join(t, region.socket, { vectors: 2 });
  const { stdout } = await script(t, 'dump', ['-S', region.socket]);
  const peers = 'peer 1, vectors 0–1\npeer 2, vectors 0–1\npeer 3, vectors 0–1\n';
  t.match(stdout, `own ID 4, vectors 0–1\nmemory 2097152 bytes (2M)\n${peers}`);
});

t.test('what it rings itself is told before the end', async (t) => {
  const region = await Region.listen(t, { vectors: 2 });
  const { code, stdout } = await script(t, 'int 0 1\nint 0 all\n', ['-S', region.socket]);
  t.equal(code, 0);
  t.match(stdout, /^rang peer 0, vector 1$[^]*^interrupt on vector 1$/m);
  t.match(stdout, /^rang peer 0, vectors 0–1$[^]*^interrupt on vector 0$/m);
});

t.test('joins, leaves and interrupts are told as they come', async (t) => {
  const region = await Region.listen(t, { vectors: 2 });
  const client = await Client.join(t, region.socket, ['-v']);
  const peer = await SocketPeer.join(t, region.socket, { vectors: 2 });
  await client.says(/^peer 1 joined, vectors 0–1$/m);
  await peer.ring(0, 1);
  await client.says(/^interrupt on vector 1, rung once$/m);
  client.child.kill('SIGSTOP');
  for (let n = 0; n < 3; n += 1) await peer.ring(0, 0);
  client.child.kill('SIGCONT');
  await client.says(/^interrupt on vector 0, rung 3 times$/m);
  peer.leave();
  await client.says(/^peer 1 left$/m);
  t.match(await client.end(), { code: 0, stderr: '' });
});

t.test('a doorbell that would block is told, the others are rung', async (t) => {
  const region = await Region.listen(t, { vectors: 2 });
  const peer = await Peer.connect({ socket: region.socket });
  t.teardown(() => peer.close());
  for (let times = 2 ** 53; times >= 1; times /= 2) while (peer.ring(0, 1, times));
  const { code, stdout, stderr } = await script(t, 'int all', ['-S', region.socket]);
  t.equal(code, 1);
  t.match(stdout, /\nrang peer 0, vector 0\n$/);
  t.match(stderr, /: line 1: not rung: peer 0 vector 1: the count is full, /);
});

t.test("the server's end is told, and doorbells go on working", async (t) => {
  const region = await Region.listen(t, {});
  const peer = await SocketPeer.join(t, region.socket, { vectors: 1 });
  const client = await Client.join(t, region.socket);
  await region.server.close();
  await client.says(/^the server is gone\n.*doorbells go on working$/m);
  client.type('int 0 0', 'dump');
  await client.says(/^rang peer 0, vector 0$/m);
  t.strictSame(await peer.heard(), [0]);
  await client.says(/^the server is gone: who is there may have changed$/m);
  t.match(await client.end(), { code: 0, stderr: '' });
});

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  t.test(`${signal} ends it with 0`, async (t) => {
    const region = await Region.listen(t, {});
    const client = await Client.join(t, region.socket);
    client.type('nonsense');
    client.child.kill(signal);
    t.match(await client.child.exit, { code: 0, signal: null });
    await region.left(1);
  });
}

t.test('a signal ends it while a server keeps it waiting', async (t) => {
  const socket = `${temp(t)}/s`;
  const listener = createUnixSocket();
  t.teardown(() => listener.close());
  bindSocket(listener, socket);
  listenSocket(listener, 1);
  const client = new Client(t, ['-S', socket]);
  const connection = await until('it connects', () => acceptSocket(listener));
  t.teardown(() => connection.close());
  client.child.kill('SIGTERM');
  t.match(await client.child.exit, { code: 0, stderr: '' });
});

t.test('a signal ends it while nobody reads what it says', async (t) => {
  const region = await Region.listen(t, {});
  const child = new Child(t, [...ivshmemClient, '-S', region.socket]);
  child.stdin.write('help\n'.repeat(5_000));
  await until('it says more than fits', () => child.stdout.readableLength > 0);
  child.kill('SIGTERM');
  await until('it ends', () => !child.alive);
  child.stdout.resume();
  t.match(await child.exit, { code: 0, stderr: '' });
});

t.test('output that nobody can read any more ends it with 1', async (t) => {
  const region = await Region.listen(t, {});
  const client = await Client.join(t, region.socket);
  client.child.stdout.destroy();
  client.type('dump');
  t.match(await client.child.exit, { code: 1, stderr: /^ivshmem-client: EPIPE: broken pipe, / });
});

t.test('output that is lost before its first line is read ends it with 1', async (t) => {
  const region = await Region.listen(t, {});
  for (const flags of [[], ['-v']]) {
    const client = new Client(t, ['-S', region.socket, ...flags]);
    client.child.stdout.destroy();
    t.match(await client.child.exit, { code: 1, stderr: /^ivshmem-client: EPIPE: broken pipe, / });
  }
  const toFull = ['sh', '-c', 'exec "$@" >/dev/full', 'sh', ...ivshmemClient];
  const ended = await run(t, [...toFull, '-S', region.socket]);
  t.match(ended, { code: 1, stderr: /^ivshmem-client: ENOSPC: / });
});

t.test('input that cannot be read ends it with 1', async (t) => {
  const region = await Region.listen(t, {});
  const argv = ['sh', '-c', 'exec "$@" 0>"$0"', `${temp(t)}/file`, ...ivshmemClient];
  const ended = await run(t, [...argv, '-S', region.socket]);
  t.match(ended, { code: 1, stderr: 'ivshmem-client: EBADF: bad file descriptor, read\n' });
});

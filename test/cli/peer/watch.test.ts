import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import t from 'tap';
import { Peer } from '../../../src/index.js';
import { Child } from '../../helper/child.js';
import { peerArgv, runPeer, StayingPeer } from '../../helper/peer-command.js';
import { Region } from '../../helper/region.js';
import { Serve } from '../../helper/serve.js';
import { SocketPeer } from '../../helper/socket-peer.js';
import { temp, type Scope } from '../../helper/temp.js';
import { until } from '../../helper/until.js';

for (const [flags, lines] of [
  [[], ['peer 2 joined, vectors 2', 'interrupt on vector 1, count 1', 'peer 2 left']],
  [
    ['--json'],
    [
      '{"event":"welcome","peer":1,"vectors":2,"memorySize":4194304,"peers":[{"peer":0,"vectors":2}]}',

      '{"event":"join","peer":2,"vectors":2}',
      '{"event":"interrupt","vector":1,"count":1}',
      '{"event":"leave","peer":2}',
    ],
  ],
] as const) {
  t.test(`joins, interrupts and leaves, one line each: ${flags.join('') || 'text'}`, async (t) => {
    const { socket } = await Region.listen(t, { vectors: 2 });
    await SocketPeer.join(t, socket, { vectors: 2 });
    const watching = new StayingPeer(t, socket, 'watch', ...flags);
    t.equal(await watching.ready(), `peer 1 of ${socket}, vectors 2; there is: 0`);
    const other = await Peer.connect({ socket });
    await watching.printed(lines.length - 2);
    other.ring(1, 1);
    await watching.printed(lines.length - 1);
    other.close();
    t.same(await watching.printed(lines.length), lines);
    t.match(await watching.end('SIGINT'), { code: 0, stderr: /^[^\n]*\n$/ });
  });
}

t.test('after so many lines it ends, whatever comes then', async (t) => {
  const { socket } = await Region.listen(t, { vectors: 4 });
  const watching = new StayingPeer(t, socket, 'watch', '--count', '2');
  await watching.ready();
  await using ringer = await Peer.connect({ socket });
  for (const vector of [0, 1, 2, 3]) ringer.ring(0, vector);
  t.match(await watching.exit, { code: 0 });
  t.equal(watching.lines.length, 2);
});

t.test('a signal ends it, and the second too, even when nobody reads', async (t) => {
  const region = await Region.listen(t, {});
  const { socket } = region;
  const pipe = fullPipe(t);
  const toPipe = ['sh', '-c', 'exec "$@" >"$0"', pipe.path];
  const child = new Child(t, [...toPipe, ...peerArgv(socket, 'watch')]);
  await until('it watches', () => child.stderr.includes('nobody else is there'));
  await using ringer = await Peer.connect({ socket });
  ringer.ring(0, 0);
  child.kill('SIGINT');
  await region.left(1);
  child.kill('SIGINT');
  t.match(await child.exit, { code: 0 });
});

t.test('the line that a program gets first is none of those that are counted', async (t) => {
  const { socket } = await Region.listen(t, {});
  const watching = new StayingPeer(t, socket, 'watch', '--json', '--count', '1');
  await watching.printed(1);
  await runPeer(t, socket, 'ring', '0', '0');
  t.match(await watching.exit, { code: 0 });
  t.equal(watching.lines.length, 2);
});

t.test('while nobody reads nothing piles up, and what was missed is told', async (t) => {
  const region = await Region.listen(t, {});
  const { socket } = region;
  const pipe = fullPipe(t);
  const toPipe = ['sh', '-c', 'exec "$@" >"$0"', pipe.path];
  const child = new Child(t, [...toPipe, ...peerArgv(socket, 'watch')]);
  await until('it watches', () => child.stderr.includes('nobody else is there'));
  for (let visit = 1; visit <= 1000; visit += 1) {
    const visitor = await Peer.connect({ socket, vectors: 1 });
    visitor.close();
    await region.left(visit);
  }
  await using last = await Peer.connect({ socket });
  const isDone = new RegExp(`^peer ${last.id} joined|; there is: ${last.id}$`, 'm');
  let text = '';
  await until('all is told, or told to be missed', () => {
    text += pipe.read().replaceAll('\0', '');
    return isDone.test(text);
  });
  const lines = text.split('\n');
  const missed = /^\d+ joins and leaves were missed: nobody read; (nobody else|there) is/;
  t.match(lines[1024], missed);
  t.ok(lines.slice(0, 1024).every((line) => /^peer \d+ (joined, vectors 1|left)$/.test(line)));
});

t.test('when the server goes it ends with 1 and says what to do', async (t) => {
  const socket = `${temp(t)}/s`;
  const serve = await Serve.start(t, ['--socket', socket]);
  const watching = new StayingPeer(t, socket, 'watch');
  await watching.ready();
  await serve.end('SIGKILL');
  const { code, stderr } = await watching.exit;
  t.equal(code, 1);
  t.match(stderr, /\nivshmem peer watch: the server has gone; start it, .*again\n$/);
});

t.test('who reads no more ends it, without a word', async (t) => {
  const { socket } = await Region.listen(t, {});
  const watching = new StayingPeer(t, socket, 'watch');
  await watching.ready();
  watching.hangUp();
  await runPeer(t, socket, 'ring', '0', '0');
  t.match(await watching.exit, { code: 0, stderr: /^[^\n]*\n$/ });
});

/** A pipe that takes no more, by name; `read` empties it. */
function fullPipe(t: Scope) {
  const path = `${temp(t)}/pipe`;
  execFileSync('mkfifo', [path]);
  const rawFd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  t.teardown(() => closeSync(rawFd));
  untilItWouldBlock(() => writeSync(rawFd, Buffer.alloc(4096)));
  const read = (): string => {
    const bytes = Buffer.alloc(2 ** 20);
    let length = 0;
    untilItWouldBlock(() => (length += readSync(rawFd, bytes, { offset: length })));
    return bytes.toString('utf8', 0, length);
  };
  return { path, read };
}

function untilItWouldBlock(act: () => void): void {
  try {
    for (;;) act();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
  }
}

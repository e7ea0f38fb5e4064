import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, writeSync } from 'node:fs';
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
    await watching.printed(1);
    other.ring(1, 1);
    await watching.printed(2);
    other.close();
    t.same(await watching.printed(3), lines);
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
  const toPipe = ['sh', '-c', 'exec "$@" >"$0"', pipe];
  const child = new Child(t, [...toPipe, ...peerArgv(socket, 'watch')]);
  await until('it watches', () => child.stderr.includes('nobody else is there'));
  await using ringer = await Peer.connect({ socket });
  ringer.ring(0, 0);
  child.kill('SIGINT');
  await region.left(1);
  child.kill('SIGINT');
  t.match(await child.exit, { code: 0 });
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

/** A pipe that takes no more, by name. */
function fullPipe(t: Scope): string {
  const path = `${temp(t)}/pipe`;
  execFileSync('mkfifo', [path]);
  const rawFd = openSync(path, constants.O_RDWR | constants.O_NONBLOCK);
  t.teardown(() => closeSync(rawFd));
  try {
    for (;;) writeSync(rawFd, Buffer.alloc(4096));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EAGAIN') throw error;
  }
  return path;
}

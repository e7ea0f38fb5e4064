import t from 'tap';
import { Peer } from '../../../src/index.js';
import { runPeer, StayingPeer } from '../../helper/peer-command.js';
import { Region } from '../../helper/region.js';
import { Serve } from '../../helper/serve.js';
import { temp } from '../../helper/temp.js';
import { until } from '../../helper/until.js';

t.test('who is rung prints the interrupt and ends with 0', async (t) => {
  const { socket } = await Region.listen(t, { vectors: 2 });
  await using ringer = await Peer.connect({ socket });
  for (const [flags, line] of [
    [[], 'interrupt on vector 1, count 3'],
    [['--json', '--timeout', '60'], '{"vector":1,"count":3}'],
  ] as const) {
    const waiting = new StayingPeer(t, socket, 'wait', '1', ...flags);
    await waiting.ready();
    const [id = 0] = ringer.peers.keys();
    ringer.ring(id, 0);
    ringer.ring(id, 1, 3);
    t.match(await waiting.exit, { code: 0 });
    t.same(waiting.lines, [line]);
    await until('it has left', () => ringer.peers.size === 0);
  }
});

t.test('it says what is to be typed to ring it', async (t) => {
  const { socket } = await Region.listen(t, { vectors: 2 });
  const waiting = new StayingPeer(t, socket, 'wait', '1');
  const [, command = ''] = /^waiting; to ring: ivshmem (.*)$/.exec(await waiting.ready()) ?? [];
  t.equal(command, `peer ring 0 1 --socket ${socket}`);
  t.match(await runPeer(t, socket, 'ring', '0', '1'), { code: 0 });
  t.match(await waiting.exit, { code: 0 });
});

t.test('who is not rung ends with 1', async (t) => {
  const { socket } = await Region.listen(t, { vectors: 2 });
  const { code, stdout, stderr } = await runPeer(t, socket, 'wait', '0', '--timeout', '0.05');
  t.same({ code, stdout }, { code: 1, stdout: '' });
  t.match(stderr, /\nivshmem peer wait: vector 0 was not rung within 0\.05 s\n$/);
});

t.test('a vector that the region does not have is a wrong call', async (t) => {
  const { socket } = await Region.listen(t, { vectors: 2 });
  const { code, stderr } = await runPeer(t, socket, 'wait', '2');
  t.equal(code, 2);
  t.match(stderr, /^ivshmem peer wait: VECTOR: peer 0 has 2 vectors: 0–1, not 2\nSee: /);
});

t.test('the end of the server is told, and not the end of the waiting', async (t) => {
  const socket = `${temp(t)}/s`;
  const serve = await Serve.start(t, ['--socket', socket]);
  await using ringer = await Peer.connect({ socket });
  const waiting = new StayingPeer(t, socket, 'wait', '0');
  await waiting.ready();
  const [id = 0] = ringer.peers.keys();
  await serve.end('SIGKILL');
  await until('it is told', () => waiting.stderr.includes('\nthe server has gone; '));
  ringer.ring(id, 0);
  const { code, stderr } = await waiting.exit;
  t.same({ code, lines: waiting.lines }, { code: 0, lines: ['interrupt on vector 0, count 1'] });
  t.match(stderr, /\nthe server has gone; who is there now can still ring, .*\n$/);
});

t.test(
  'who is not rung after the end of the server ends with 1, when its time is over',
  async (t) => {
    const { socket, server } = await Region.listen(t, {});
    const waiting = new StayingPeer(t, socket, 'wait', '0', '--timeout', '1');
    await waiting.ready();
    await server.close();
    const { code, stderr } = await waiting.exit;
    t.equal(code, 1);
    t.match(
      stderr,
      /\nthe server has gone; .*\nivshmem peer wait: vector 0 was not rung within 1 s\n$/,
    );
  },
);

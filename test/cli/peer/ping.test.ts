// Pings between commands, with peers beside them that nobody may ring.
import t from 'tap';
import { Peer } from '../../../src/index.js';
import { runPeer, StayingPeer } from '../../helper/peer-command.js';
import { Region } from '../../helper/region.js';
import { SocketPeer } from '../../helper/socket-peer.js';
import { until } from '../../helper/until.js';

interface Report {
  readonly sent: number;
  readonly lost: number;
  readonly roundTripUs?: Readonly<Record<string, number>>;
  readonly histogram: readonly { readonly count: number }[];
}

/** On a busy machine an answer may take long. */
const fifty = ['ping', '0', '--count', '50', '--timeout', '15'];

t.test('echo says what pings it, and is answered by it', async (t) => {
  const { socket } = await Region.listen(t, { vectors: 2 });
  const echo = new StayingPeer(t, socket, 'echo');
  const [command] = await echo.printed(1);
  t.equal(command, `ivshmem peer ping 0 --socket ${socket}`);
  t.equal(await echo.ready(), 'peer 0 answers, vectors 2; to ping it:');
  const { code, stdout, stderr } = await runPeer(t, socket, ...fifty);
  t.same({ code, stderr }, { code: 0, stderr: '' });
  t.match(stdout, /^50 rings: 50 answered, 0 lost\nround trip: minimum .*\n.* µs {2}#+ /);
  t.match(await echo.end('SIGTERM'), { code: 0 });
});

t.test('a program gets the figures as JSON', async (t) => {
  const { socket } = await Region.listen(t, { vectors: 2 });
  await new StayingPeer(t, socket, 'echo').printed(1);
  const ping = [...fifty, '--vector', '1', '--json'];
  const { stdout } = await runPeer(t, socket, ...ping);
  t.match(stdout, /^{"peer":0,"vector":1,.*}\n$/);
  const report = JSON.parse(stdout) as Report;
  t.match(report, { sent: 50, lost: 0 });
  const { minimum = 0, median = 0, p99 = 0, maximum = 0 } = report.roundTripUs ?? {};
  t.ok(minimum > 0 && minimum <= median && median <= p99 && p99 <= maximum);
  t.equal(
    report.histogram.reduce((sum, { count }) => sum + count, 0),
    50,
  );
});

t.test('two pingers and one who only rings: nobody else is rung', async (t) => {
  const { socket } = await Region.listen(t, {});
  await new StayingPeer(t, socket, 'echo').printed(1);
  const bystander = await SocketPeer.join(t, socket, { vectors: 1 });
  await using noise = await Peer.connect({ socket });
  const rung: number[] = [];
  noise.on('interrupt', ({ count }) => rung.push(count));
  const ringing = setInterval(() => noise.ring(0, 0), 1);
  t.teardown(() => clearInterval(ringing));
  const ping = ['ping', '0', '--count', '50', '--timeout', '0.2', '--json'];
  const ended = await Promise.all([runPeer(t, socket, ...ping), runPeer(t, socket, ...ping)]);
  for (const { stdout } of ended) {
    const { sent, lost } = JSON.parse(stdout) as Report;
    t.equal(sent, 50);
    t.ok(lost < 50, `${lost} were merged`);
  }
  t.same(await bystander.heard(), []);
  t.same(rung, []);
});

t.test('a peer that rings back by itself answers, too', async (t) => {
  const { socket } = await Region.listen(t, {});
  await using guest = await Peer.connect({ socket });
  const ringAll = (): void => {
    for (const id of guest.peers.keys()) guest.ring(id, 0);
  };
  // It may be rung before the server has told it by whom.
  guest.on('interrupt', ringAll).on('join', ringAll);
  const ping = ['ping', '0', '--count', '20', '--timeout', '15'];
  const { code, stdout } = await runPeer(t, socket, ...ping);
  t.equal(code, 0);
  t.match(stdout, /^20 rings: 20 answered/);
});

t.test('who does not answer is told, with the remedy', async (t) => {
  const { socket } = await Region.listen(t, {});
  await SocketPeer.join(t, socket, { vectors: 1 });
  const ping = ['ping', '0', '--count', '3', '--timeout', '0.02'];
  const { code, stdout, stderr } = await runPeer(t, socket, ...ping);
  t.same({ code, stdout }, { code: 1, stdout: '3 rings: 0 answered, 3 lost\n' });
  t.equal(stderr, 'ivshmem peer ping: peer 0 answers nothing; run there: ivshmem peer echo\n');
  const forProgram = await runPeer(t, socket, ...ping, '--json');
  t.match(JSON.parse(forProgram.stdout), { sent: 3, lost: 3, roundTripUs: null });
});

t.test('who leaves ends it, with what was measured', async (t) => {
  const { socket } = await Region.listen(t, {});
  const echo = new StayingPeer(t, socket, 'echo');
  await echo.printed(1);
  await using other = await Peer.connect({ socket });
  const ping = new StayingPeer(t, socket, 'ping', '0', '--count', '10000000', '--json');
  await until('the ping is there', () => other.peers.size === 2);
  await echo.end('SIGINT');
  const { code, stderr } = await ping.exit;
  t.equal(code, 1);
  t.match(stderr, /^ivshmem peer ping: peer 0 (has left after \d+ rings|is not there; .*)\n$/);
});

t.test('Ctrl-C ends it with what was measured', async (t) => {
  const { socket } = await Region.listen(t, {});
  await using guest = await Peer.connect({ socket });
  let rings = 0;
  guest.on('interrupt', () => {
    rings += 1;
    for (const id of guest.peers.keys()) guest.ring(id, 0);
  });
  const ping = new StayingPeer(t, socket, 'ping', '0', '--count', '10000000');
  await until('some rings', () => rings > 20);
  t.match(await ping.end('SIGINT'), { code: 0, stderr: '' });
  t.match(ping.lines[0], /^\d+ rings: \d+ answered, \d lost$/);
});

t.test('what is not there is not pinged', async (t) => {
  const { socket } = await Region.listen(t, { vectors: 2 });
  await SocketPeer.join(t, socket, { vectors: 2 });
  t.match(await runPeer(t, socket, 'ping', '7'), {
    code: 1,
    stderr: 'ivshmem peer ping: peer 7 is not there; there is: 0\n',
  });
  t.match(await runPeer(t, socket, 'ping', '0', '--vector', '2'), {
    code: 2,
    stderr: /^ivshmem peer ping: --vector: peer 0 has 2 vectors: 0–1, not 2\nSee: /,
  });
});

t.test('echo answers nobody by chance, and ends with 1 when the server goes', async (t) => {
  const { socket, server } = await Region.listen(t, {});
  const echo = new StayingPeer(t, socket, 'echo');
  await echo.printed(1);
  await using peer = await Peer.connect({ socket });
  const one = 0xb5_0001_5a3c7;
  for (const times of [1, 2 * one, one + 1, one - 1, 0xb5_0000_5a3c7, 0xb5_0007_5a3c7]) {
    peer.ring(0, 0, times);
    t.equal(await peer.nextInterrupt({ timeoutMs: 20 }), undefined, String(times));
  }
  peer.ring(0, 0, one);
  t.same(await peer.nextInterrupt(), { vector: 0, count: 1 });
  await server.close();
  const { code, stderr } = await echo.exit;
  t.equal(code, 1);
  t.match(stderr, /\nivshmem peer echo: the server has gone; start it, .*again\n$/);
});

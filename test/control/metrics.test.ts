// Metrics: the numbers are those of the server, and Prometheus can read them.
import { spawnSync } from 'node:child_process';
import t from 'tap';
import { Controlled } from '../helper/control.js';
import { Ledger } from '../helper/ledger.js';
import { need } from '../helper/need.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { StrictPeer } from '../helper/strict-peer.js';
import { until } from '../helper/until.js';

/** Samples by what stands before the value. */
function samplesOf(text: string): Map<string, number> {
  const lines = text.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
  return new Map(
    lines.map((line) => {
      const end = line.lastIndexOf(' ');
      return [line.slice(0, end), Number(line.slice(end + 1))];
    }),
  );
}

t.test('each number is what happened', async (t) => {
  const lab = await Controlled.start(t, ['--vectors', '2', '--max-peers', '2']);
  const a = await SocketPeer.join(t, lab.socket, { vectors: 2 });
  const b = await SocketPeer.join(t, lab.socket, { vectors: 2 });
  await SocketPeer.join(t, `${lab.socket}.host`, { vectors: 2 });
  await SocketPeer.join(t, lab.socket, { vectors: 2 });
  await until('everybody knows everybody', () => a.knows(2) === 2 && b.knows(2) === 2);
  for (const vector of [0, 1, 1]) await a.ring(b.id, vector);
  const at = samplesOf(await lab.client.metrics());
  const expected = {
    'ivshmem_peers{region="lab",kind="vm"}': 0,
    'ivshmem_peers{region="lab",kind="host"}': 1,
    'ivshmem_peers{region="lab",kind="other"}': 2,
    'ivshmem_peers_allowed{region="lab"}': 2,
    'ivshmem_peers_blocked{region="lab"}': 0,
    'ivshmem_messages_unread{region="lab"}': 0,
    'ivshmem_rings_waiting{region="lab"}': 3,
    'ivshmem_peer_ids_left{region="lab"}': 65_533,
    'ivshmem_memory_bytes{region="lab"}': 4_194_304,
    'ivshmem_joins_total{region="lab"}': 3,
    'ivshmem_leaves_total{region="lab"}': 0,
    'ivshmem_refusals_total{region="lab",reason="peers"}': 1,
    // 3 + 2, 3 + 4 and 2, 3 + 6 and 2 and 2.
    'ivshmem_messages_sent_total{region="lab"}': 27,
    'ivshmem_batches_sent_total{region="lab"}': 6,
    ivshmem_log_lines_dropped_total: 0,
    'ivshmem_join_duration_seconds_bucket{region="lab",le="+Inf"}': 3,
    'ivshmem_join_duration_seconds_count{region="lab"}': 3,
  };
  for (const [name, value] of Object.entries(expected)) t.equal(at.get(name), value, name);
  for (const name of [
    'ivshmem_descriptors_used',
    'ivshmem_descriptors_allowed',
    'ivshmem_resident_bytes',
    'ivshmem_start_time_seconds',
    'ivshmem_join_duration_seconds_sum{region="lab"}',
  ])
    t.ok((at.get(name) ?? 0) > 0, name);
  for (const stat of ['mean', 'max'])
    t.ok(at.has(`ivshmem_event_loop_lag_seconds{stat="${stat}"}`), stat);
});

t.test(
  'one that does not read is a blocked peer, and what it has not read is counted',
  async (t) => {
    const lab = await Controlled.start(t);
    const stopped = StrictPeer.connect(lab.socket, { vectors: 1, ledger: new Ledger() });
    t.teardown(() => {
      stopped.close();
    });
    await until('it is blocked', async () =>
      (await lab.client.metrics()).includes('ivshmem_peers_blocked{region="lab"} 1'),
    );
    t.equal(samplesOf(await lab.client.metrics()).get('ivshmem_messages_unread{region="lab"}'), 4);
  },
);

t.test('log lines that nobody takes are counted', async (t) => {
  const lab = await Controlled.start(t);
  const dropped = async (): Promise<number> =>
    samplesOf(await lab.client.metrics()).get('ivshmem_log_lines_dropped_total') ?? NaN;
  t.equal(await dropped(), 0);
  lab.serve.ignoreLog();
  await until('lines are dropped', async () => {
    for (let n = 0; n < 100; n += 1) (await SocketPeer.join(t, lab.socket, { vectors: 1 })).leave();
    return (await dropped()) > 0;
  });
});

t.test('Prometheus finds nothing wrong with them', need('promtool'), async (t) => {
  const lab = await Controlled.start(t, ['--max-peers', '1']);
  await SocketPeer.join(t, lab.socket, { vectors: 1 });
  await SocketPeer.join(t, lab.socket, { vectors: 1 });
  const input = await lab.client.metrics();
  const { status, stderr, stdout } = spawnSync('promtool', ['check', 'metrics'], {
    input,
    encoding: 'utf8',
  });
  t.equal(status, 0, stderr + stdout);
  t.equal(stderr + stdout, '');
  const bad = spawnSync('promtool', ['check', 'metrics'], { input: `${input}!\n` });
  t.not(bad.status, 0, 'which it would say');
});

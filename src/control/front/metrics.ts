// Metrics in the text format of Prometheus.
// https://prometheus.io/docs/instrumenting/exposition_formats/
//
// Rule 1: numbers are as of now, and counts are the server's: a front that is started again loses none.
// Rule 2: no label of which there may be thousands: peers are in the status.
import { Counter, Gauge, Registry, type Metric } from 'prom-client';
import { JOIN_BUCKETS_SECONDS } from '../../server/counters.js';
import type { PeerLook, RegionCounts } from '../question.js';
import type { WholeLook } from './asker.js';

interface Sample {
  readonly labels?: Readonly<Record<string, string>>;
  readonly value: number;
}

/** The text, and what type it is of. */
export async function metricsOf(
  look: WholeLook,
): Promise<{ readonly bytes: Uint8Array<ArrayBuffer>; readonly contentType: string }> {
  const registry = new Registry();
  addProcess(registry, look);
  addRegions(registry, look);
  return { bytes: Buffer.from(await registry.metrics()), contentType: registry.contentType };
}

function addProcess(registry: Registry, { server, process }: WholeLook): void {
  const one = (name: string, help: string, value: number): void => {
    gauge(registry, name, help, [{ value }]);
  };
  one('ivshmem_descriptors_used', 'Descriptors that the server has open', server.descriptors.used);
  one('ivshmem_descriptors_allowed', 'Its RLIMIT_NOFILE', server.descriptors.limit);
  one(
    'ivshmem_resident_bytes',
    'Memory of the process, without that of regions',
    process.residentBytes,
  );
  one('ivshmem_start_time_seconds', 'When it was started', Date.parse(server.startedAt) / 1_000);
  const { mean, max } = process.lagSeconds;
  gauge(
    registry,
    'ivshmem_event_loop_lag_seconds',
    'How late the event loop was, in the last minute or two',
    [
      { labels: { stat: 'mean' }, value: mean },
      { labels: { stat: 'max' }, value: max },
    ],
  );
  const { logLinesDropped } = process;
  counter(registry, 'ivshmem_log_lines_dropped_total', 'Log lines that nobody took', [
    { value: logLinesDropped },
  ]);
}

function addRegions(registry: Registry, { regions, peers }: WholeLook): void {
  const each = (
    make: typeof gauge,
    name: string,
    help: string,
    samples: (
      region: WholeLook['regions'][number],
      peers: readonly PeerLook[],
    ) => readonly Sample[],
  ): void => {
    const all = regions.flatMap((region, index) =>
      samples(region, peers[index] ?? []).map(({ labels, value }) => ({
        labels: { region: region.status.name, ...labels },
        value,
      })),
    );
    make(registry, name, help, all);
  };
  const sum = (values: readonly number[]): number =>
    values.reduce((total, value) => total + value, 0);
  const one = (value: number): readonly Sample[] => [{ value }];

  each(gauge, 'ivshmem_peers', 'Peers that are there', (_, there) => [
    { labels: { kind: 'vm' }, value: there.filter((peer) => peer.vm !== undefined).length },
    { labels: { kind: 'host' }, value: there.filter((peer) => peer.isHost).length },
    {
      labels: { kind: 'other' },
      value: there.filter((peer) => peer.vm === undefined && !peer.isHost).length,
    },
  ]);
  each(gauge, 'ivshmem_peers_allowed', 'Peers without names that there may be', ({ status }) =>
    one(status.maxPeers),
  );
  each(gauge, 'ivshmem_peers_blocked', 'Peers that do not read what they were sent', (_, there) =>
    one(there.filter((peer) => peer.isBlocked).length),
  );
  each(gauge, 'ivshmem_messages_unread', 'Messages that were sent and not read', (_, there) =>
    one(sum(there.map((peer) => peer.unread))),
  );
  each(gauge, 'ivshmem_rings_waiting', 'Rings that were not taken', (_, there) =>
    one(sum(there.flatMap((peer) => peer.waiting))),
  );
  each(gauge, 'ivshmem_peer_ids_left', 'Peer IDs that can be given, of 65,536', ({ status }) =>
    one(status.idsLeft),
  );
  each(gauge, 'ivshmem_memory_bytes', 'Size of the shared memory', ({ status }) =>
    one(status.memory.sizeBytes),
  );
  each(counter, 'ivshmem_joins_total', 'Joins', ({ counts }) => one(counts.joins));
  each(counter, 'ivshmem_leaves_total', 'Leaves', ({ counts }) => one(counts.leaves));
  each(counter, 'ivshmem_refusals_total', 'Connections that were refused', ({ counts }) =>
    counts.refusals.map(([reason, value]) => ({ labels: { reason }, value })),
  );
  each(counter, 'ivshmem_messages_sent_total', 'Messages sent to peers', ({ counts }) =>
    one(counts.messages),
  );
  each(counter, 'ivshmem_batches_sent_total', 'System calls that sent them', ({ counts }) =>
    one(counts.batches),
  );
  addJoinDurations(registry, regions);
}

function gauge(registry: Registry, name: string, help: string, samples: readonly Sample[]): void {
  const metric = new Gauge({ name, help, labelNames: namesOf(samples), registers: [registry] });
  for (const { labels = {}, value } of samples) metric.set(labels, value);
}

function counter(registry: Registry, name: string, help: string, samples: readonly Sample[]): void {
  const metric = new Counter({ name, help, labelNames: namesOf(samples), registers: [registry] });
  for (const { labels = {}, value } of samples) metric.inc(labels, value);
}

// What has no sample has labels, too: without one it would be a 0 that is nobody's.
function namesOf([first]: readonly Sample[]): string[] {
  return first ? Object.keys(first.labels ?? {}) : ['region'];
}

// The library's histogram takes one observation after the other, and has no way to be told of counts.
function addJoinDurations(registry: Registry, regions: WholeLook['regions']): void {
  const name = 'ivshmem_join_duration_seconds';
  const help = 'How long joins took, from accept to greeting';
  const get = (): object => ({
    name,
    help,
    type: 'histogram',
    aggregator: 'sum',
    values: regions.flatMap(({ status, counts }) => bucketsOf(name, status.name, counts)),
  });
  registry.registerMetric({ name, get, reset: () => undefined } as unknown as Metric);
}

function bucketsOf(name: string, region: string, counts: RegionCounts): object[] {
  let value = 0;
  const buckets = counts.joinBuckets.map((count, index) => {
    value += count;
    const le = JOIN_BUCKETS_SECONDS[index] ?? '+Inf';
    return { metricName: `${name}_bucket`, labels: { region, le }, value };
  });
  return [
    ...buckets,
    { metricName: `${name}_sum`, labels: { region }, value: counts.joinSeconds },
    { metricName: `${name}_count`, labels: { region }, value: counts.joins },
  ];
}

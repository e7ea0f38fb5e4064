// A server's status for people.
//
// Rule 1: what is told comes from anybody, and each text of it may have any characters: see `printableIn`.
import { getBorderCharacters, table } from 'table';
import type { PeerStatus, RegionStatus, ServerStatus } from '../../control/status.js';
import { printableIn } from '../../protocol/printable.js';
import { formatSize } from '../../server/size.js';
import { durationText } from '../duration.js';

const HEAD = ['ID', 'VM', 'PROCESS', 'PID', 'USER', 'AGE', 'UNREAD', 'WAITING', ''];
const MOST_VECTORS = 8;

/** The text, lines with their ends. */
export function statusText(server: ServerStatus): string {
  const { version, pid, startedAt, descriptors, regions } = printableIn(server);
  const age = durationText((Date.now() - Date.parse(startedAt)) / 1_000);
  const head = `ivshmem ${version}, pid ${pid}, up ${age}, descriptors ${descriptors.used} of ${descriptors.limit}\n`;
  return [head, ...regions.map(regionText)].join('\n');
}

function regionText(region: RegionStatus): string {
  const { name, socket, hostSocket, memory, vectors, label, maxPeers, idsLeft, peers, vms } =
    region;
  const title = label === undefined ? `region ${name}` : `region ${name} (label ${label})`;
  const host = hostSocket === undefined ? '' : `, host commands ${hostSocket}`;
  const away = vms.filter((vm) => !vm.isPresent);
  const lines = [
    `${title}: ${formatSize(memory.sizeBytes)} ${memory.kind}, vectors ${vectors}, ` +
      `peers ${peers.length} (${maxPeers} at most, and VMs that have a name), peer IDs left ${idsLeft}`,
    `  socket ${socket}${host}`,
    ...(peers.length === 0 ? ['  nobody is there'] : peerTable(peers)),
  ];
  if (away.length > 0) {
    const names = away.map((vm) => (vm.id === undefined ? vm.name : `${vm.name} (peer ${vm.id})`));
    lines.push(`  away: ${names.join(', ')}`);
  }
  return lines.map((line) => `${line}\n`).join('');
}

function peerTable(peers: readonly PeerStatus[]): string[] {
  const text = table([HEAD, ...peers.map(rowOf)], {
    border: getBorderCharacters('void'),
    columnDefault: { paddingLeft: 2, paddingRight: 0 },
    columns: [0, 3, 6]
      .map((index) => ({ index, alignment: 'right' as const }))
      .reduce((all, { index, alignment }) => ({ ...all, [index]: { alignment } }), {}),
    drawHorizontalLine: () => false,
  });
  return text
    .trimEnd()
    .split('\n')
    .map((line) => line.trimEnd());
}

function rowOf(peer: PeerStatus): string[] {
  const { id, vm, process, pid, user, uid, ageSeconds, unread, isHost } = peer;
  return [
    String(id),
    vm ?? (isHost ? '(host)' : '-'),
    process ?? '?',
    pid === 0 ? '?' : String(pid),
    user ?? String(uid),
    durationText(ageSeconds),
    String(unread),
    waitingOf(peer),
    stateOf(peer),
  ];
}

function waitingOf({ doorbells }: PeerStatus): string {
  const counts = doorbells.slice(0, MOST_VECTORS).map(({ waiting }) => waiting);
  const rest = doorbells.slice(MOST_VECTORS).reduce((sum, { waiting }) => sum + waiting, 0);
  const more = doorbells.length > MOST_VECTORS ? ` … ${rest}` : '';
  return `${counts.join(' ')}${more}`;
}

function stateOf({ isBlocked, isBehind }: PeerStatus): string {
  if (isBlocked) return 'does not read';
  return isBehind ? 'is being told' : '';
}

// The regions of a configuration as a table for people.
import { formatSize } from '../../server/size.js';
import type { RegionOptions } from './read-config.js';

/** One line for each region under one with what the columns are. */
export function regionTable(regions: readonly RegionOptions[]): string {
  const rows = [['REGION', 'SOCKET', 'MEMORY', 'VECTORS', 'VMS'], ...regions.map(rowOf)];
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    row.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join('  ');
  return rows.map((row) => `${line(row).trimEnd()}\n`).join('');
}

function rowOf(region: RegionOptions): string[] {
  const { name, socket, vectors, vms = [] } = region;
  const names = vms.map((vm) => vm.name).join(', ');
  return [name, socket, memoryOf(region), String(vectors), names || '-'];
}

function memoryOf({ size, shmName, memPath, hugePageBytes }: RegionOptions): string {
  const text = formatSize(size);
  if (shmName !== undefined) return `${text} /dev/shm/${shmName.replace(/^\//, '')}`;
  if (memPath !== undefined) return `${text} ${memPath}`;
  return hugePageBytes === undefined
    ? `${text} memfd`
    : `${text} memfd, ${formatSize(hugePageBytes)} pages`;
}

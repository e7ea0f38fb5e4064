// Huge pages: how many were set aside, and how many are left.
// https://docs.kernel.org/admin-guide/mm/hugetlbpage.html
//
// Rule 1: a machine without any is fine: only who asks for them needs them. A lab that has set aside just what it
//         uses is fine, too.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { formatSize } from '../../../server/size.js';
import type { Check, Complaint } from '../finding.js';

export const hugePages: Check = {
  name: 'huge-pages',
  about: 'where huge pages were set aside, some are free',
  look: () => lookAtPools('/sys'),
};

interface Pool {
  readonly pageBytes: number;
  readonly total: number;
  /** Not in use, and not promised to anybody. */
  readonly free: number;
}

/** The pools that sysfs at this path tells. */
export function lookAtPools(sysfs: string): Complaint[] {
  return poolsIn(`${sysfs}/kernel/mm/hugepages`).flatMap(
    ({ pageBytes, total, free }): Complaint[] => {
      const size = formatSize(pageBytes);
      if (total === 0) return [];
      if (free <= 0) {
        return [
          {
            severity: 'note',
            subject: `huge pages of ${size}`,
            message: `all ${total} are in use: one more region with hugepages ${size} does not fit`,
            remedy: `if one is to come, set more aside: echo NUMBER >/sys/kernel/mm/hugepages/hugepages-${pageBytes / 1024}kB/nr_hugepages`,
          },
        ];
      }
      return emptyNodes(sysfs, pageBytes).map((node) => ({
        severity: 'note',
        subject: `huge pages of ${size}`,
        message: `${free} of ${total} are free, and none on ${node}: a QEMU that is bound to it finds none`,
        remedy: `if one is to be: echo NUMBER >/sys/devices/system/node/${node}/hugepages/hugepages-${pageBytes / 1024}kB/nr_hugepages`,
      }));
    },
  );
}

function poolsIn(directory: string): Pool[] {
  return list(directory).flatMap((name) => {
    const kib = /^hugepages-(\d+)kB$/.exec(name)?.[1];
    if (kib === undefined) return [];
    const read = (file: string): number => numberIn(path.join(directory, name, file));
    const free = read('free_hugepages') - read('resv_hugepages');
    return [{ pageBytes: Number(kib) * 1024, total: read('nr_hugepages'), free }];
  });
}

// A node's pool does not tell what is promised.
function emptyNodes(sysfs: string, pageBytes: number): string[] {
  const nodes = list(`${sysfs}/devices/system/node`).filter((name) => /^node\d+$/.test(name));
  if (nodes.length < 2) return [];
  return nodes.filter((node) =>
    poolsIn(`${sysfs}/devices/system/node/${node}/hugepages`).some(
      (pool) => pool.pageBytes === pageBytes && pool.total > 0 && pool.free === 0,
    ),
  );
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch {
    return []; // this kernel has none
  }
}

function numberIn(file: string): number {
  try {
    return Number(readFileSync(file, 'utf8'));
  } catch {
    return 0;
  }
}

// Sizes of memory: written with K, M, G or T (powers of 1,024), and what QEMU takes of them.

const UNITS = ['', 'K', 'M', 'G', 'T'] as const;

/** The largest size of a region: 4096T, what a double still counts exactly with room to spare. */
export const MAX_SIZE_BYTES = 2 ** 52;

/** A size in the largest unit that divides it: 4194304 is `4M`. */
export function formatSize(sizeBytes: number): string {
  let value = sizeBytes;
  let unit = 0;
  while (value !== 0 && value % 1024 === 0 && unit < UNITS.length - 1) {
    value /= 1024;
    unit += 1;
  }
  return `${value}${UNITS[unit] ?? ''}`;
}

/**
 * `4M`, `0.5G`, `0x400000` as bytes; undefined for what is no size. A unit is K, M, G or T, in either
 * case; none is bytes.
 */
export function parseSize(text: string): number | undefined {
  if (/^0x[0-9a-f]+$/i.test(text)) return Number(text);
  const match = /^(-?\d+(?:\.\d+)?)([KMGT]?)$/i.exec(text);
  if (match === null) return undefined;
  const unit = UNITS.indexOf((match[2] ?? '').toUpperCase() as (typeof UNITS)[number]);
  const sizeBytes = Number(match[1]) * 1024 ** unit;
  return Number.isInteger(sizeBytes) ? sizeBytes : undefined;
}

/** Whether QEMU takes a memory of this size: a power of two, at least a page. It aborts on others. */
export function isValidSize(sizeBytes: number, pageBytes: number): boolean {
  return (
    sizeBytes >= pageBytes && sizeBytes <= MAX_SIZE_BYTES && Number.isInteger(Math.log2(sizeBytes))
  );
}

/** The smallest valid size that holds `sizeBytes`. */
export function roundSizeUp(sizeBytes: number, pageBytes: number): number {
  const exponent = Math.ceil(Math.log2(Math.max(sizeBytes, pageBytes)));
  return Math.min(2 ** exponent, MAX_SIZE_BYTES);
}

/** The valid sizes next to one that is not: one, or one below and one above. */
export function nearestSizes(sizeBytes: number, pageBytes: number): number[] {
  const above = roundSizeUp(sizeBytes, pageBytes);
  const below = above / 2;
  return below >= pageBytes && sizeBytes <= MAX_SIZE_BYTES ? [below, above] : [above];
}

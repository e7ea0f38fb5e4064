// Numbers in few characters.

const grouped = new Intl.NumberFormat('en');
const compact = new Intl.NumberFormat('en', {
  notation: 'compact',
  maximumFractionDigits: 1,
  useGrouping: false,
});

/** `65,530` */
export function groupedText(count: number): string {
  return grouped.format(count);
}

/** As it is below 100,000, then as `1.2M`. */
export function compactText(count: number): string {
  return count < 100_000 ? String(count) : compact.format(count);
}

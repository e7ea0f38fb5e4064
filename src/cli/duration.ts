// Durations in few characters.

const units = [
  ['d', 86_400],
  ['h', 3_600],
  ['min', 60],
] as const;

/** Seconds in the greatest unit of which there are two, or that is the only one: `45 s`, `90 min`, `3 d`. */
export function durationText(seconds: number): string {
  const least = (unitSeconds: number): number => (unitSeconds === 60 ? 60 : 2 * unitSeconds);
  const unit = units.find(([, unitSeconds]) => seconds >= least(unitSeconds));
  if (unit === undefined) return `${Math.max(0, Math.floor(seconds))} s`;
  return `${Math.floor(seconds / unit[1])} ${unit[0]}`;
}

// When something was, for people.

/** The time of day here, `09:05:00`, and before it the date if that is not today's: `2026-11-25 09:05:00`. */
export function timeText(date: Date, now = new Date()): string {
  const clock = joined([date.getHours(), date.getMinutes(), date.getSeconds()], ':');
  const day = dayText(date);
  return day === dayText(now) ? clock : `${day} ${clock}`;
}

function dayText(date: Date): string {
  return joined([date.getFullYear(), date.getMonth() + 1, date.getDate()], '-');
}

function joined(parts: readonly number[], separator: string): string {
  return parts.map((part) => String(part).padStart(2, '0')).join(separator);
}

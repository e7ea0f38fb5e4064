// The machine's monotonic clock: the same for all processes, whenever they were started.
// https://man7.org/linux/man-pages/man2/clock_gettime.2.html (CLOCK_MONOTONIC)

/** Now, in milliseconds since some moment. Nobody can set it; while the machine sleeps it stands still. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}

// Many numbers in few words.

/** Ascending integers as ranges: `0, 2–5, 7`. */
export function ranges(numbers: readonly number[]): string {
  const runs: [first: number, last: number][] = [];
  for (const number of numbers) {
    const run = runs.at(-1);
    if (run?.[1] === number - 1) run[1] = number;
    else runs.push([number, number]);
  }
  return runs.map(([first, last]) => (first === last ? `${first}` : `${first}–${last}`)).join(', ');
}

/** Vectors by number: `vector 0`, `vectors 0–3`. */
export function vectorNames(vectors: readonly number[]): string {
  return `vector${vectors.length === 1 ? '' : 's'} ${ranges(vectors)}`;
}

/** The vectors of a peer that has so many: `vectors 0–3`. */
export function allVectors(count: number): string {
  return vectorNames(firstVectors(count));
}

/** 0 to `count` − 1. */
export function firstVectors(count: number): number[] {
  return Array.from({ length: count }, (_, vector) => vector);
}

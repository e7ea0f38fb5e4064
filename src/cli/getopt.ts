// One-letter flags as getopt(3) reads them: -Fv, -l4M, -l 4M; what follows a flag that takes a value
// is its value, be it `-4M`.
import { UsageError } from './exit.js';

/** One flag as it was given. */
export interface GivenFlag<Flag extends string> {
  readonly flag: Flag;
  /** Empty for a flag that takes none. */
  readonly value: string;
}

/** The flags in their order; `takesValue` has all that there are. Throws UsageError for anything else. */
export function getopt<Flag extends string>(
  argv: readonly string[],
  takesValue: Readonly<Record<Flag, boolean>>,
): GivenFlag<Flag>[] {
  const given: GivenFlag<Flag>[] = [];
  const words = [...argv];
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === '--' && words.length === 0) break;
    if (!/^-[^-]/.test(word)) throw new UsageError(`'${word}' is no flag`);
    for (let letters = word.slice(1); letters !== '';) {
      const flag = letters.slice(0, 1);
      letters = letters.slice(1);
      if (!isIn(flag, takesValue)) throw new UsageError(`there is no flag -${flag}`);
      let value = '';
      if (takesValue[flag]) {
        const next = letters === '' ? words.shift() : letters;
        if (next === undefined) throw new UsageError(`-${flag}: its value is missing`);
        value = next;
        letters = '';
      }
      given.push({ flag, value });
    }
  }
  return given;
}

function isIn<Flag extends string>(
  flag: string,
  table: Readonly<Record<Flag, boolean>>,
): flag is Flag {
  return Object.hasOwn(table, flag);
}

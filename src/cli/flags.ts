// Text from a command line as the values that the server takes: each throws OptionsError for what is
// none, and names what would be.
//
// Rule 1: only the form is judged here; ranges are the business of who has them: the server, or who calls.
import { pageSize } from '../../native/memory.js';
import { OptionsError } from '../server/error.js';
import { formatSize, nearestSizes, parseSize } from '../server/size.js';

/** An integer, in decimal or as 0x…. */
export function integer(option: string, text: string, range: string): number {
  if (/^(-?\d{1,15}|0x[0-9a-f]{1,12})$/i.test(text)) return Number(text);
  throw new OptionsError(option, `'${text}' is not an integer in ${range}`);
}

/** An integer in a range. */
export function integerIn(option: string, text: string, least: number, most: number): number {
  const range = `${least}–${most}`;
  const value = integer(option, text, range);
  if (value >= least && value <= most) return value;
  throw new OptionsError(option, `${value} is not in ${range}`);
}

/** A file mode, written in octal: 660, 0660 or 0o660. */
export function fileMode(option: string, text: string): number {
  const digits = /^(?:0o?)?([0-7]{1,4})$/.exec(text)?.[1];
  if (digits !== undefined) return parseInt(digits, 8);
  throw new OptionsError(option, `'${text}' is not a file mode in 0–0777, written in octal`);
}

/** Bytes, or with K, M, G or T the powers of 1,024. */
export function sizeBytes(option: string, text: string): number {
  const size = parseSize(text);
  if (size !== undefined) return size;
  throw new OptionsError(
    option,
    `'${text}' is no size: a number of bytes, or one with K, M, G or T; nearest: ${nearestTo(text)}`,
  );
}

// What may have been meant: 4X and 4MB are 4M, 4096 bytes are 4K, 1P is more than there is.
function nearestTo(text: string): string {
  const [, number = '4', given = ''] = /^(-?\d*\.?\d+) ?([KMGTP]?)/i.exec(text) ?? [];
  const unit = given || (Number(number) < pageSize() ? 'M' : '');
  const meant = Number(number) * (parseSize(`1${unit}`) ?? 1024 ** 5);
  const [below = meant, above = below] = nearestSizes(meant, pageSize());
  const sizes = above === meant ? [above] : [...new Set([below, above])];
  return sizes.map(formatSize).join(' and ');
}

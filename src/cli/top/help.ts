// What `?` shows: short enough for 40 × 10 with the footer.
import { span, type Line } from './line.js';

/** The help. */
export const helpLines: readonly Line[] = [
  'up down PgUp PgDn Home End j k: scroll',
  'left right Tab: region  s: sort',
  'p, space: pause  q, Ctrl-C: quit',
  '! BLOCKED  does not read: it is stopped',
  '! BEHIND   there is more to tell it',
  '! UNREAD   has messages it has not read',
  '* RINGS    its guest does not take them',
  'WAITING: rings by vector: 0 3 0, or most',
  '(900 on vector 17) and sum',
].map((text) => [span(text)]);

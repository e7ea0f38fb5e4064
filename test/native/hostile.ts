// A program that holds a doorbell, descriptor 3, and is hostile: it fills the count, and clears the
// O_NONBLOCK flag as fast as it can. After so many milliseconds (argv) it drains the doorbell, so that
// whoever it has trapped is late, and not lost.
import { writeSync } from 'node:fs';
import { drainEventfd } from '../../native/eventfd.js';
import { Fd } from '../../native/fd.js';
import { libc } from '../../native/libc.js';
import { fillEventfd } from './full-count.js';

const F_SETFL = 4;
const doorbell = new Fd(3);
const end = performance.now() + Number(process.argv[2]);
fillEventfd(doorbell);
writeSync(1, 'full\n');
while (performance.now() < end) {
  for (let times = 0; times < 1_000; times += 1) libc.fcntl(3, F_SETFL, 0);
}
drainEventfd(doorbell);

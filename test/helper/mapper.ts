// Shares memory through a file, and then through others, each as often as is said: `node mapper.js FILE [OTHER COUNT]`,
// perhaps under another name of `node`. It has none of them open. It says `mapped`.
import { openSync } from 'node:fs';
import { Fd } from '../../native/fd.js';
import { Mapping } from '../../native/mapping.js';

const [, , file = '', other = file, count = '0'] = process.argv;
const mappings = [mapped(file), ...Array.from({ length: Number(count) }, () => mapped(other))];
console.log('mapped');
process.stdin.on('end', () => mappings.forEach((mapping) => mapping.close())).resume();

function mapped(path: string): Mapping {
  using fd = new Fd(openSync(path, 'r+'));
  return new Mapping(fd, { offset: 0, length: 4_096 });
}

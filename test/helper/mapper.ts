// Shares memory through a file: `node mapper.js FILE`, perhaps under another name of `node`. It says `mapped`.
import { openSync } from 'node:fs';
import { Fd } from '../../native/fd.js';
import { Mapping } from '../../native/mapping.js';

const fd = new Fd(openSync(process.argv[2] ?? '', 'r+'));
const mapping = new Mapping(fd, { offset: 0, length: 4_096 });
console.log('mapped');
process.stdin.on('end', () => mapping.close()).resume();

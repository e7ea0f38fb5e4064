// `ivshmem peer read`: what is in the memory.
import type { Peer } from '../../peer/peer.js';
import { UsageError } from '../exit.js';
import { print } from '../print.js';
import { Hexdump } from './hexdump.js';
import { byteCount, checkRange } from './arguments.js';
import { jsonFlag, peerCommand, required } from './command.js';
import { windows } from './window.js';

const CHUNK_BYTES = 65_536;

interface Range {
  readonly offset: number;
  readonly length: number;
}

export const readCommand = peerCommand({
  command: 'read <OFFSET> <LENGTH>',
  describe: 'Print bytes of the memory',
  positionals: {
    OFFSET: required('The first byte: decimal, 0x…, or with K, M, G, T'),
    LENGTH: required('How many bytes'),
  },
  flags: { raw: { type: 'boolean', description: 'Print the bytes themselves' }, ...jsonFlag },
  examples: [
    ['read 0 64', 'The first 64 bytes, as hexdump -C prints them'],
    ['read 1M 0x1000 --raw >page', 'A page, as it is'],
  ],
  read: ({ OFFSET, LENGTH, raw, json }) => {
    const range = { offset: byteCount('OFFSET', OFFSET), length: byteCount('LENGTH', LENGTH) };
    if (raw && json) throw new UsageError('--raw and --json: choose one');
    return async (peer) => {
      checkRange(peer, range.offset, range.length);
      if (raw) await printRaw(peer, range);
      else if (json) await printHex(peer, range);
      else await printDump(peer, range);
    };
  },
});

async function printRaw(peer: Peer, range: Range): Promise<void> {
  for (const chunk of chunks(peer, range)) await print(chunk);
}

async function printHex(peer: Peer, range: Range): Promise<void> {
  await print(`{"offset":${range.offset},"length":${range.length},"hex":"`);
  for (const chunk of chunks(peer, range)) await print(chunk.toString('hex'));
  await print('"}\n');
}

async function printDump(peer: Peer, range: Range): Promise<void> {
  const dump = new Hexdump(range.offset);
  for (const chunk of chunks(peer, range)) {
    const text = dump.lines(chunk);
    if (text !== '') await print(text);
  }
  await print(dump.end());
}

// Copies: guests go on writing, and the two halves of a line of a dump are of the same moment.
function* chunks(peer: Peer, { offset, length }: Range): Generator<Buffer> {
  for (const window of windows(peer, offset, length)) {
    for (let start = 0; start < window.length; start += CHUNK_BYTES) {
      yield Buffer.from(window.subarray(start, start + CHUNK_BYTES));
    }
  }
}

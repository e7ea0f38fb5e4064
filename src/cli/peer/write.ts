// `ivshmem peer write`: bytes into the memory.
//
// Rule 1: all of it is there, and fits, before the first byte is written.
import { createReadStream, fstatSync } from 'node:fs';
import type { Peer } from '../../peer/peer.js';
import { print, printJson } from '../print.js';
import { text } from '../text-option.js';
import { byteCount, checkRange } from './arguments.js';
import { jsonFlag, peerCommand, required } from './command.js';
import { windows } from './window.js';

const STDIN = 0;

export const writeCommand = peerCommand({
  command: 'write <OFFSET> [DATA]',
  describe: 'Write an argument, or standard input, to the memory',
  positionals: {
    OFFSET: required('Where the first byte goes: decimal, 0x…, or with K, M, G, T'),
    DATA: { ...text('What to write, as UTF-8', 'standard input, as it is'), nargs: undefined },
  },
  flags: jsonFlag,
  examples: [
    ["write 0 'hello'", 'Five bytes'],
    ['write 4K <image', 'A file, as it is; it is read to its end first'],
    ['write 0 -- -1', 'What begins with a dash'],
  ],
  read: ({ OFFSET, DATA, json }) => {
    const offset = byteCount('OFFSET', OFFSET);
    return async (peer) => {
      checkRange(peer, offset, 0);
      const data = DATA === undefined ? await standardInput(peer, offset) : [Buffer.from(DATA)];
      const length = lengthOf(data);
      checkRange(peer, offset, length);
      write(peer, offset, data);
      if (json) await printJson({ offset, length });
      else await print(`${length} ${length === 1 ? 'byte' : 'bytes'} written at ${offset}\n`);
    };
  },
});

async function standardInput(peer: Peer, offset: number): Promise<Buffer[]> {
  if (process.stdin.isTTY) console.error('reading standard input until its end (Ctrl-D)');
  const data: Buffer[] = [];
  let length = 0;
  for await (const chunk of openInput()) {
    data.push(chunk);
    length += chunk.length;
    // Without this, input that has no end would be kept until there is no room for it.
    checkRange(peer, offset, length);
  }
  return data;
}

// Node takes a disk, and a directory, for an empty stream.
function openInput(): AsyncIterable<Buffer> {
  const status = fstatSync(STDIN);
  const isFile = status.isFile() || status.isBlockDevice() || status.isDirectory();
  return isFile ? createReadStream('', { fd: STDIN, autoClose: false }) : process.stdin;
}

function write(peer: Peer, offset: number, data: readonly Buffer[]): void {
  const chunks = data.values();
  let chunk: Buffer = Buffer.alloc(0);
  for (const window of windows(peer, offset, lengthOf(data))) {
    for (let done = 0; done < window.length;) {
      if (chunk.length === 0) chunk = chunks.next().value ?? chunk;
      const part = chunk.subarray(0, window.length - done);
      window.set(part, done);
      done += part.length;
      chunk = chunk.subarray(part.length);
    }
  }
}

function lengthOf(data: readonly Buffer[]): number {
  return data.reduce((length, chunk) => length + chunk.length, 0);
}

// A file system of one file, `FILE`, whose attributes are asked anew each time: `node silent-files.js DIRECTORY`. It
// says `ready`, and whoever asks it while it is stopped waits. It is gone with its process.
// https://man7.org/linux/man-pages/man4/fuse.4.html
import { spawnSync } from 'node:child_process';
import { openSync, readSync, writeSync } from 'node:fs';

const [LOOKUP, FORGET, GETATTR, OPEN, INIT, INTERRUPT, BATCH_FORGET] = [1, 2, 3, 14, 26, 36, 42];
const ENOSYS = 38;
const FILE_ID = 2n;

const device = openSync('/dev/fuse', 'r+');
const options = 'fd=3,rootmode=40000,user_id=0,group_id=0,allow_other';
const argv = ['-i', '-t', 'fuse', '-o', options, 'silent', process.argv[2] ?? ''];
const { status } = spawnSync('mount', argv, { stdio: ['ignore', 'inherit', 'inherit', device] });
if (status === 0) console.log('ready');
const request = Buffer.alloc(256 * 1024);
for (;;) {
  readSync(device, request);
  const opcode = request.readUInt32LE(4);
  if (opcode === FORGET || opcode === BATCH_FORGET || opcode === INTERRUPT) continue;
  const body = answerTo(opcode, request.readBigUInt64LE(16));
  const head = Buffer.alloc(16);
  head.writeUInt32LE(16 + (body?.length ?? 0), 0);
  head.writeInt32LE(body === undefined ? -ENOSYS : 0, 4);
  request.copy(head, 8, 8, 16);
  writeSync(device, Buffer.concat([head, body ?? Buffer.alloc(0)]));
}

function answerTo(opcode: number, id: bigint): Buffer | undefined {
  if (opcode === INIT) {
    const body = Buffer.alloc(64);
    body.writeUInt32LE(7, 0);
    body.writeUInt32LE(31, 4);
    body.writeUInt32LE(128 * 1024, 20); // max_write
    return body;
  }
  if (opcode === OPEN) return Buffer.alloc(16);
  if (opcode === GETATTR) return Buffer.concat([Buffer.alloc(16), attributesOf(id)]);
  if (opcode !== LOOKUP) return undefined;
  const entry = Buffer.alloc(40);
  entry.writeBigUInt64LE(FILE_ID, 0);
  entry.writeBigUInt64LE(3_600n, 16); // the name is good for an hour
  return Buffer.concat([entry, attributesOf(FILE_ID)]);
}

function attributesOf(id: bigint): Buffer {
  const attributes = Buffer.alloc(88);
  attributes.writeBigUInt64LE(id, 0);
  attributes.writeBigUInt64LE(4_096n, 8); // its size
  attributes.writeUInt32LE(id === FILE_ID ? 0o100666 : 0o40777, 60);
  attributes.writeUInt32LE(1, 64);
  attributes.writeUInt32LE(4_096, 80);
  return attributes;
}

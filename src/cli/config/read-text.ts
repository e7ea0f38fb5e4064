// The text of a configuration file, before anybody looks at what it says.
//
// Rule 1: never more than 256K are read, whatever stands at the path; nothing blocks the process.
import { isUtf8 } from 'node:buffer';
import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { ServerError } from '../../server/error.js';
import { ConfigError } from './config-error.js';

// Of keys that nobody knows, as many take a second, in which a server does nothing else.
const MAX_BYTES = 256 * 1024;

/** Rejects with the system's error for what cannot be read, with ConfigError for what is no text. */
export async function readText(path: string): Promise<string> {
  const bytes = await readBytes(path);
  if (bytes.length > MAX_BYTES) throw wrong(path, 1, 'the file is larger than 256K');
  if (!isUtf8(bytes)) {
    throw wrong(path, lineOfFault(bytes), 'this line is not UTF-8; save the file as UTF-8');
  }
  // Takes the byte order mark away.
  return new TextDecoder().decode(bytes);
}

async function readBytes(path: string): Promise<Buffer> {
  // Of a FIFO even the open could wait for ever.
  await using file = await open(path, constants.O_RDONLY | constants.O_NONBLOCK);
  if (!(await file.stat()).isFile()) {
    throw new ServerError('ERR_IVSHMEM_NOT_A_FILE', path, `${path} is no regular file`);
  }
  const bytes = Buffer.alloc(MAX_BYTES + 1);
  let length = 0;
  for (;;) {
    const { bytesRead } = await file.read(bytes, { offset: length });
    length += bytesRead;
    if (bytesRead === 0 || length === bytes.length) return bytes.subarray(0, length);
  }
}

function lineOfFault(bytes: Buffer): number {
  let line = 1;
  for (let start = 0; ; line += 1) {
    const end = bytes.indexOf('\n', start);
    if (end < 0 || !isUtf8(bytes.subarray(start, end))) return line;
    start = end + 1;
  }
}

function wrong(path: string, line: number, message: string): ConfigError {
  return new ConfigError(path, [{ line, column: 1, message }]);
}

import { spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  constants,
  openSync,
  readFileSync,
  readSync,
  writeSync,
} from 'node:fs';
import t, { type Test } from 'tap';
import { openOutput, type Output } from '../../native/output.js';
import { createSocketPair } from '../../native/unix-socket.js';
import { temp } from '../helper/temp.js';
import { unprivileged } from './other-user.js';
import { isBlocking, makeBlocking } from './status-flags.js';

const { O_RDONLY, O_NONBLOCK, O_WRONLY } = constants;

/** A pipe with a blocking end to write to, as a shell hands it on; closed when the test ends. */
function pipe(t: Test, mode = 0o600): { reader: number; writer: number; closeReader: () => void } {
  const path = `${temp(t)}/pipe`;
  spawnSync('mkfifo', [path]);
  const reader = openSync(path, O_RDONLY | O_NONBLOCK);
  const writer = openSync(path, O_WRONLY);
  chmodSync(path, mode);
  let isOpen = true;
  const closeReader = (): void => {
    if (isOpen) closeSync(reader);
    isOpen = false;
  };
  t.teardown(() => {
    closeReader();
    closeSync(writer);
  });
  return { reader, writer, closeReader };
}

/** Writes until nothing more fits; returns how many bytes did. */
function fill(output: Output): number {
  const bytes = Buffer.alloc(100_000, 'x');
  let total = 0;
  for (let count = 1; count > 0; total += count) count = output.write(bytes);
  return total;
}

/** What waits to be read, as text. */
function textAt(rawFd: number): string {
  const buffer = Buffer.alloc(100);
  return buffer.toString('utf8', 0, readSync(rawFd, buffer));
}

t.test('a pipe takes what fits, then 0, and goes on when it was read', async (t) => {
  const { reader, writer } = pipe(t);
  using output = openOutput(writer);
  const size = fill(output);
  t.ok(size >= 4096);
  t.equal(output.write(Buffer.from('more')), 0);
  const buffer = Buffer.alloc(size);
  t.equal(readSync(reader, buffer), size);
  t.ok(buffer.every((byte) => byte === 0x78));
  t.equal(output.write(Buffer.from('more')), 4);
  t.equal(textAt(reader), 'more');
});

t.test('a pipe that others write to, too, blocks them as before', async (t) => {
  const { writer } = pipe(t);
  const output = openOutput(writer);
  t.ok(isBlocking(writer));
  output[Symbol.dispose]();
  t.doesNotThrow(() => writeSync(writer, 'a'), 'and stays open for them');
});

t.test('a pipe that nobody reads any more is an error', async (t) => {
  const { writer, closeReader } = pipe(t);
  using output = openOutput(writer);
  closeReader();
  t.throws(() => output.write(Buffer.from('a')), { code: 'EPIPE' });
});

t.test('a device that is full is an error', async (t) => {
  const rawFd = openSync('/dev/full', 'w');
  t.teardown(() => closeSync(rawFd));
  using output = openOutput(rawFd);
  t.throws(() => output.write(Buffer.from('a')), { code: 'ENOSPC' });
});

/** An output to a pipe that cannot be opened again, like one of another user. */
function openForeign(writer: number): Output {
  return unprivileged(() => openOutput(writer));
}

t.test('a pipe that cannot be opened again takes what fits, bit by bit', async (t) => {
  const { reader, writer } = pipe(t, 0);
  using output = openForeign(writer);
  t.equal(output.write(Buffer.from('text')), 4);
  t.equal(textAt(reader), 'text');
  t.equal(output.write(Buffer.alloc(1_000)), 512, 'what poll vouches for');
  t.ok(fill(output) >= 2_048);
  t.equal(output.write(Buffer.from('more')), 0);
  t.ok(isBlocking(writer), 'as it was: it would have blocked');
});

t.test('a pipe that cannot be opened again and that nobody reads is an error', async (t) => {
  const { writer, closeReader } = pipe(t, 0);
  using output = openForeign(writer);
  closeReader();
  t.throws(() => output.write(Buffer.from('a')), { code: 'EPIPE' });
});

t.test('a file is written where those who share it stand', async (t) => {
  const path = `${temp(t)}/log`;
  const rawFd = openSync(path, 'w');
  t.teardown(() => closeSync(rawFd));
  using output = openOutput(rawFd);
  writeSync(rawFd, 'a');
  t.equal(output.write(Buffer.from('bc')), 2);
  writeSync(rawFd, 'd');
  t.equal(readFileSync(path, 'utf8'), 'abcd');
});

t.test('a socket takes what fits, then 0, even one that blocks', async (t) => {
  const [socket, peer] = createSocketPair();
  makeBlocking(socket.rawFd);
  using output = openOutput(socket.rawFd);
  t.ok(fill(output) >= 4096);
  t.equal(output.write(Buffer.from('more')), 0);
  t.ok(isBlocking(socket.rawFd));
  socket.close();
  peer.close();
});

t.test('a socket gets the bytes in order, 4096 at most at once', async (t) => {
  const [socket, peer] = createSocketPair();
  using output = openOutput(socket.rawFd);
  const bytes = Buffer.from(Array.from({ length: 5_000 }, (_, index) => index % 251));
  const first = output.write(bytes);
  t.equal(first, 4096);
  t.equal(output.write(bytes.subarray(first)), 904);
  const seen = Buffer.alloc(5_000);
  readSync(peer.rawFd, seen, 0, 4096, null);
  readSync(peer.rawFd, seen, 4096, 904, null);
  t.ok(seen.equals(bytes));
  peer.close();
  t.throws(() => output.write(bytes), { code: 'EPIPE', syscall: 'send' });
  socket.close();
});

t.test('a number that is not open is an error at once', async (t) => {
  const rawFd = openSync('/dev/null', 'w');
  closeSync(rawFd);
  t.throws(() => openOutput(rawFd), { code: 'EBADF' });
});

// A stream that somebody was to read and does not: a pipe or a socket.
import { execFileSync } from 'node:child_process';
import { closeSync, constants, openSync, readSync, writeSync } from 'node:fs';
import { createSocketPair } from '../../native/unix-socket.js';
import { temp, type Scope } from '../helper/temp.js';

const { O_NONBLOCK, O_RDONLY, O_WRONLY } = constants;

export interface Unread {
  /** For the program that writes. */
  readonly rawFd: number;
  /** What is in it before the program writes. */
  readonly filler: string;
  /** Takes what is there now. */
  read(): string;
  /** The reader goes away. */
  hangUp(): void;
}

/** A pipe that is full. */
export function fullPipe(t: Scope): Unread {
  const pipe = emptyPipe(t);
  return { ...pipe, filler: fill(pipe.rawFd) };
}

/** A pipe, and a way for the reader to come back. */
export function emptyPipe(t: Scope): Unread & { comeBack(): void } {
  const path = `${temp(t)}/pipe`;
  execFileSync('mkfifo', ['--mode=0600', path]);
  let reader = openSync(path, O_RDONLY | O_NONBLOCK);
  const writer = openSync(path, O_WRONLY | O_NONBLOCK);
  const hangUp = (): void => {
    if (reader >= 0) closeSync(reader);
    reader = -1;
  };
  t.teardown(() => {
    hangUp();
    closeSync(writer);
  });
  return {
    rawFd: writer,
    filler: '',
    read: () => readAll(reader),
    hangUp,
    comeBack: () => {
      reader = openSync(path, O_RDONLY | O_NONBLOCK);
    },
  };
}

/** A socket, as journald's, that is full. */
export function fullSocket(t: Scope): Unread {
  const [reader, writer] = createSocketPair();
  t.teardown(() => {
    reader.close();
    writer.close();
  });
  const filler = fill(writer.rawFd);
  const hangUp = (): void => reader.close();
  return { rawFd: writer.rawFd, filler, read: () => readAll(reader.rawFd), hangUp };
}

function fill(rawFd: number): string {
  const block = `${'x'.repeat(511)}\n`;
  let filler = '';
  while (attempt(() => writeSync(rawFd, block)) !== undefined) filler += block;
  return filler;
}

function readAll(rawFd: number): string {
  const buffer = Buffer.alloc(65_536);
  let text = '';
  for (;;) {
    const bytes = attempt(() => readSync(rawFd, buffer));
    if (!bytes) return text;
    text += buffer.toString('latin1', 0, bytes);
  }
}

/** Undefined when it would block. */
function attempt(act: () => number): number | undefined {
  try {
    return act();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EAGAIN') return undefined;
    throw error;
  }
}

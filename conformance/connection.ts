// Connections to the server under test, closed with the check.
import type { Fd } from '../native/fd.js';
import { connectSocket } from '../native/unix-socket.js';
import { MessageReader, type ReadMessage } from '../test/helper/message-reader.js';
import { StrictPeer, type StrictPeerOptions } from '../test/helper/strict-peer.js';
import { must } from './check.js';
import type { Subject } from './subject.js';

const WELCOME = 3;

/** A connection on which nobody has read. */
export async function connect(subject: Subject): Promise<MessageReader> {
  const { socket } = subject;
  const fd = await subject.patience.soon('one more is accepted', () => connectSocket(socket));
  const reader = new MessageReader(fd);
  subject.teardown(() => reader.close());
  return reader;
}

/** A strict peer that has read nothing. */
export async function connectStrictly(
  subject: Subject,
  options: StrictPeerOptions,
): Promise<StrictPeer> {
  const { socket } = await connect(subject);
  const peer = StrictPeer.over(socket, options);
  subject.teardown(() => peer.close());
  return peer;
}

/** The memory, as somebody has it who joins a region of one vector and hangs up. */
export async function receiveMemory(subject: Subject): Promise<Fd> {
  const reader = await connect(subject);
  const received: ReadMessage[] = [];
  subject.teardown(() => received.forEach(({ fd }) => fd?.close()));
  await subject.until('a newcomer has memory and vector', () => {
    reader.read((message) => received.push(message));
    must(!reader.isOver, 'hangs up on a newcomer');
    return received.slice(WELCOME).some(({ number }) => number === received[1]?.number);
  });
  reader.close();
  const memory = received.slice(0, WELCOME).find(({ number }) => number === -1)?.fd;
  must(memory !== undefined, 'sends no memory');
  return memory;
}

/** Reads and closes all that comes. Throws when the server has hung up. */
export function drain(readers: Iterable<MessageReader>): void {
  for (const reader of readers) {
    reader.read(({ fd }) => fd?.close());
    must(!reader.isOver, 'hangs up on a peer that did nothing wrong');
  }
}

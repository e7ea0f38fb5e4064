// Connections to the server under test, closed with the check.
import type { Fd } from '../native/fd.js';
import { connectSocket } from '../native/unix-socket.js';
import { MessageReader } from '../test/helper/message-reader.js';
import { StrictPeer, type StrictPeerOptions } from '../test/helper/strict-peer.js';
import { must } from './check.js';
import type { Subject } from './subject.js';

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

/** The memory, as somebody has it who connects and hangs up. */
export async function receiveMemory(subject: Subject): Promise<Fd> {
  const reader = await connect(subject);
  let memory: Fd | undefined;
  await subject.until('the memory comes', () => {
    reader.read(({ number, fd }) => {
      if (number === -1 && fd !== undefined && memory === undefined) memory = fd;
      else fd?.close();
    });
    must(!reader.isOver, 'hangs up before the memory: QEMU spins');
    return memory !== undefined;
  });
  reader.close();
  const received = memory;
  must(received !== undefined, 'no memory came');
  subject.teardown(() => received.close());
  return received;
}

/** Reads and closes all that comes. Throws when the server has hung up. */
export function drain(readers: Iterable<MessageReader>): void {
  for (const reader of readers) {
    reader.read(({ fd }) => fd?.close());
    must(!reader.isOver, 'hangs up on a peer that did nothing wrong');
  }
}

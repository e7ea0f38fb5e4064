// Peers that break the rules, before their welcome was read and after. Others must not notice; that it
// left is told once, be it when it broke the rules or when it closed.
import { addressOf, libc } from '../../native/libc.js';
import type { MessageReader } from '../../test/helper/message-reader.js';
import type { Check } from '../check.js';
import { Company } from '../company.js';
import { connect } from '../connection.js';
import type { Subject } from '../subject.js';

const MSG_NOSIGNAL = 0x4000;
const MSG_DONTWAIT = 0x40;
const SHUT_RD = 0;
const SHUT_WR = 1;
const VECTORS = 2;

const garbage = new ArrayBuffer(64 * 1024);
new Uint8Array(garbage).fill(0x41);

/** Something nobody may do with the connection. */
type Trouble = (reader: MessageReader) => void;

const send =
  (bytes: number): Trouble =>
  ({ socket }) =>
    libc.send(socket.rawFd, addressOf(garbage), bytes, MSG_NOSIGNAL | MSG_DONTWAIT);

const shut =
  (how: number): Trouble =>
  ({ socket }) =>
    libc.shutdown(socket.rawFd, how);

async function make(subject: Subject, troubles: readonly Trouble[]): Promise<undefined> {
  await subject.start(['-n', String(VECTORS)]);
  const company = await Company.of(subject, 2, { vectors: VECTORS });
  for (const trouble of troubles) {
    for (const isWelcomed of [false, true]) {
      const reader = await connect(subject);
      if (isWelcomed) await readWelcome(subject, reader);
      trouble(reader);
      // What the others are told of this one, the server has to send to the other one, too.
      await company.join();
      reader.close();
      await company.settle();
    }
  }
  await company.prove();
}

async function readWelcome(subject: Subject, reader: MessageReader): Promise<void> {
  const numbers: number[] = [];
  await subject.until('a newcomer has its own vectors', () => {
    reader.read(({ number, fd }) => {
      fd?.close();
      numbers.push(number);
    });
    return numbers.slice(3).filter((number) => number === numbers[1]).length === VECTORS;
  });
}

export const garbageSent: Check = {
  name: 'garbage',
  what: 'peers that send a byte, a message, 64 KiB',
  run: (subject) => make(subject, [send(1), send(8), send(garbage.byteLength)]),
};

export const halfClosed: readonly Check[] = [
  {
    name: 'shut-writing',
    what: 'peers that shut the writing half of their connection',
    run: (subject) => make(subject, [shut(SHUT_WR)]),
  },
  {
    name: 'shut-reading',
    what: 'peers that shut the reading half of their connection',
    run: (subject) => make(subject, [shut(SHUT_RD)]),
  },
];

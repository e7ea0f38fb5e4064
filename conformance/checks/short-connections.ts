// More connections than there are peer IDs, one after the other, beside a peer that is told of all.
//
// Rule 1: the witness is not a strict peer: an ID may come back to who was never told of it, and then
//   IDs say nothing about the order of joins.
import { connectSocket } from '../../native/unix-socket.js';
import { MessageReader } from '../../test/helper/message-reader.js';
import { must, type Check } from '../check.js';
import { Company } from '../company.js';
import { connect } from '../connection.js';
import type { Subject } from '../subject.js';

const CONNECTIONS = 65_545;
const WELCOME = 3;

export const shortConnections: Check = {
  name: 'short-connections',
  what: `${CONNECTIONS.toLocaleString('en')} short connections beside an attached peer`,
  isLong: true,
  async run(subject) {
    await subject.start();
    const witness = new Witness(await connect(subject));
    for (let count = 0; count < CONNECTIONS; count += 1) {
      await visit(subject);
      witness.read();
    }
    witness.close();
    await (await Company.of(subject, 2)).prove();
  },
};

/** Joins, reads all of its own vectors unless it is refused, and hangs up. */
async function visit(subject: Subject): Promise<void> {
  const { socket, patience } = subject;
  using fd = await patience.soon('one more is accepted', () => connectSocket(socket));
  const reader = new MessageReader(fd);
  const numbers: number[] = [];
  await patience.soon('a newcomer has its own vectors', () => {
    reader.read(({ number, fd: sent }) => {
      sent?.close();
      numbers.push(number);
    });
    const [version, id = NaN] = numbers;
    const isDone = numbers.includes(id, WELCOME);
    const isRefused = version !== undefined && version !== 0;
    must(isDone || isRefused || !reader.isOver, 'hangs up on a newcomer');
    return isDone || isRefused || undefined;
  });
}

class Witness {
  readonly #reader: MessageReader;
  readonly #gone = new Set<number>();
  #messages = 0;

  constructor(reader: MessageReader) {
    this.#reader = reader;
  }

  /** Throws when something is told of an ID that was told to have left. */
  read(): void {
    this.#reader.read(({ number, fd }) => {
      fd?.close();
      this.#messages += 1;
      if (this.#messages <= WELCOME) return;
      must(number >= 0 && number <= 65_535, `tells of ID ${number}`);
      must(
        !this.#gone.has(number),
        fd ? `connects ${number} again` : `disconnects ${number} twice`,
      );
      if (!fd) this.#gone.add(number);
    });
    must(!this.#reader.isOver, 'hangs up on a peer that did nothing wrong');
  }

  close(): void {
    this.#reader.close();
  }
}

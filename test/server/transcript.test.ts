// The transcript of a session, byte for byte, as QEMU's own server has it: one vector, two clients.
// A line is the eight bytes of a message; `fd` stands behind it where a descriptor comes with them.
import t, { type Test } from 'tap';
import { connectSocket } from '../../native/unix-socket.js';
import { MessageReader } from '../helper/message-reader.js';
import { Region } from '../helper/region.js';
import { until } from '../helper/until.js';

class Client {
  readonly #reader: MessageReader;
  #lines: string[] = [];

  constructor(t: Test, socket: string) {
    this.#reader = new MessageReader(connectSocket(socket)!);
    t.teardown(() => {
      this.leave();
    });
  }

  /** Resolves with the next so many messages. */
  async next(count: number): Promise<string[]> {
    await until(`${count} messages`, () => {
      this.#reader.read(({ text, fd }) => {
        fd?.close();
        this.#lines.push(text);
      });
      return this.#lines.length >= count;
    });
    const lines = this.#lines;
    this.#lines = [];
    return lines;
  }

  leave(): void {
    this.#reader.close();
  }
}

t.test('the first client, a second, its leave, and a third', async (t) => {
  const { socket } = await Region.listen(t, { vectors: 1 });
  const first = new Client(t, socket);
  t.same(await first.next(4), [
    '0000000000000000', // version 0
    '0000000000000000', // its ID
    'ffffffffffffffff fd', // the memory
    '0000000000000000 fd', // its own vector
  ]);

  const second = new Client(t, socket);
  t.same(await second.next(5), [
    '0000000000000000',
    '0100000000000000',
    'ffffffffffffffff fd',
    '0000000000000000 fd',
    '0100000000000000 fd',
  ]);
  t.same(await first.next(1), ['0100000000000000 fd']);

  second.leave();
  t.same(await first.next(1), ['0100000000000000']);

  const third = new Client(t, socket);
  t.same(await third.next(5), [
    '0000000000000000',
    '0200000000000000',
    'ffffffffffffffff fd',
    '0000000000000000 fd',
    '0200000000000000 fd',
  ]);
  t.same(await first.next(1), ['0200000000000000 fd']);
});

t.test('with two vectors each peer is named twice, one whole after the other', async (t) => {
  const { socket } = await Region.listen(t, { vectors: 2 });
  const first = new Client(t, socket);
  await first.next(5);
  const second = new Client(t, socket);
  t.same(await second.next(7), [
    '0000000000000000',
    '0100000000000000',
    'ffffffffffffffff fd',
    '0000000000000000 fd',
    '0000000000000000 fd',
    '0100000000000000 fd',
    '0100000000000000 fd',
  ]);
  t.same(await first.next(2), ['0100000000000000 fd', '0100000000000000 fd']);
});

t.test('a refused client gets one number, and then the end', async (t) => {
  const region = await Region.listen(t, { maxPeers: 1 });
  const first = new Client(t, region.socket);
  await first.next(4);
  const reader = new MessageReader(connectSocket(region.socket)!);
  t.teardown(() => {
    reader.close();
  });
  const lines: string[] = [];
  await until('the end', () => {
    reader.read(({ text }) => lines.push(text));
    return reader.isOver;
  });
  t.same(lines, ['a9ffffffffffffff'], 'minus EUSERS, 87');
});

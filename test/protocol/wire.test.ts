// The wire, byte by byte: literal hex in, messages out.
import t from 'tap';
import {
  joinMessages,
  MAX_PEER_ID,
  MAX_VECTORS,
  MEMORY_MARK,
  MESSAGE_BYTES,
  MessageDecoder,
  PROTOCOL_VERSION,
  type Message,
} from '../../src/protocol/wire.js';
import { hexOf } from '../helper/link.js';
import { Random } from '../helper/random.js';

const numbers: readonly (readonly [hex: string, number: number])[] = [
  ['0000000000000000', 0],
  ['0100000000000000', 1],
  ['ff00000000000000', 255],
  ['0008000000000000', 2048],
  ['ffff000000000000', 65_535],
  ['0000010000000000', 65_536],
  ['ffffffffffffffff', -1],
  ['f3ffffffffffffff', -13],
  ['ffffffffffff1f00', Number.MAX_SAFE_INTEGER],
  ['010000000000e0ff', Number.MIN_SAFE_INTEGER],
  ['0000000000000080', -(2 ** 63)],
];

// First and second client as in QEMU's specification: welcome, one doorbell each, a leave.
const stream: readonly (readonly [hex: string, fd?: string])[] = [
  ['0000000000000000'],
  ['0100000000000000'],
  ['ffffffffffffffff', 'memory'],
  ['0000000000000000', 'doorbell 0'],
  ['0100000000000000', 'doorbell 1'],
  ['0000000000000000'],
];
const streamed: readonly Message<string>[] = [
  { number: 0, fd: undefined },
  { number: 1, fd: undefined },
  { number: -1, fd: 'memory' },
  { number: 0, fd: 'doorbell 0' },
  { number: 1, fd: 'doorbell 1' },
  { number: 0, fd: undefined },
];

function bytes(hex: string): Uint8Array {
  return Buffer.from(hex, 'hex');
}

t.test('the constants are those of the specification', (t) => {
  t.equal(PROTOCOL_VERSION, 0);
  t.equal(MEMORY_MARK, -1);
  t.equal(MAX_PEER_ID, 0xffff);
  t.equal(MAX_VECTORS, 2048);
  t.equal(MESSAGE_BYTES, 8);
  t.end();
});

t.test('eight bytes are one little-endian signed number', (t) => {
  for (const [hex, number] of numbers) {
    t.strictSame(new MessageDecoder().push(bytes(hex)), { number, fd: undefined }, hex);
  }
  t.end();
});

t.test('a number goes round: what was encoded is decoded', (t) => {
  const random = new Random();
  t.comment(String(random));
  const decoder = new MessageDecoder<string>();
  for (let count = 0; count < 1_000; count += 1) {
    const number = random.below(2 ** 32) * (random.oneIn(2) ? -1 : 1) * (random.below(2 ** 20) + 1);
    const message = decoder.push(bytes(hexOf(number)), `fd ${count}`);
    if (message?.number !== number || message.fd !== `fd ${count}`) t.fail(`${number}, ${count}`);
  }
  t.end();
});

t.test('a message split anywhere decodes the same', (t) => {
  for (let split = 1; split < 8; split += 1) {
    for (const [first, second] of [['fd'], [undefined, 'fd'], []]) {
      const decoder = new MessageDecoder<string>();
      t.equal(decoder.wants, 8);
      t.equal(decoder.push(bytes('f3ffffffffffffff').subarray(0, split), first), undefined);
      t.equal(decoder.wants, 8 - split, 'it says how many bytes are missing');
      t.equal(decoder.pendingFd, first, 'and which descriptor it holds');
      const message = decoder.push(bytes('f3ffffffffffffff').subarray(split), second);
      t.strictSame(message, { number: -13, fd: first ?? second });
      t.equal(decoder.wants, 8);
      t.equal(decoder.pendingFd, undefined);
    }
  }
  t.end();
});

t.test('several messages in a row decode the same, whole or byte by byte', (t) => {
  for (const size of [8, 7, 5, 3, 1]) {
    const decoder = new MessageDecoder<string>();
    const messages: Message<string>[] = [];
    for (const [hex, fd] of stream) {
      // The kernel hands a message's descriptor over with its first byte.
      for (let at = 0; at < 8; at += size) {
        const piece = bytes(hex).subarray(at, Math.min(8, at + size));
        const message = decoder.push(piece, at === 0 ? fd : undefined);
        if (message) messages.push(message);
      }
    }
    t.strictSame(messages, streamed, `${size} bytes at a time`);
  }
  t.end();
});

t.test('more bytes than a message lacks are refused and change nothing', (t) => {
  const decoder = new MessageDecoder<string>();
  t.throws(() => decoder.push(bytes('010000000000000000')), RangeError);
  t.equal(decoder.push(bytes('010000')), undefined);
  t.throws(() => decoder.push(bytes('000000000000'), 'fd'), RangeError);
  t.equal(decoder.wants, 5);
  t.equal(decoder.pendingFd, undefined);
  t.strictSame(decoder.push(bytes('0000000000')), { number: 1, fd: undefined });
  t.end();
});

t.test('a second descriptor in one message is refused and changes nothing', (t) => {
  const decoder = new MessageDecoder<string>();
  decoder.push(bytes('0100'), 'first');
  t.throws(() => decoder.push(bytes('000000000000'), 'second'), RangeError);
  t.equal(decoder.wants, 6);
  t.equal(decoder.pendingFd, 'first');
  t.strictSame(decoder.push(bytes('000000000000')), { number: 1, fd: 'first' });
  t.end();
});

t.test('a join is one message per vector, in order', (t) => {
  t.strictSame(joinMessages(7, ['a', 'b', 'c']), [
    { number: 7, fd: 'a' },
    { number: 7, fd: 'b' },
    { number: 7, fd: 'c' },
  ]);
  t.end();
});

import t from 'tap';
import { Hexdump } from '../../../src/cli/peer/hexdump.js';

/** What `hexdump -C` printed for these bytes. */
const printed = `00000000  00 01 02 03 04 05 06 07  08 09 0a 0b 0c 0d 0e 0f  |................|
00000010  20 21 7e 7f 80 ff 7c 41  00 00 00 00 00 00 00 00  | !~...|A........|
00000020  61 61 61 61 61 61 61 61  61 61 61 61 61 61 61 61  |aaaaaaaaaaaaaaaa|
*
00000050  61 61 61 61 61                                    |aaaaa|
00000055
`;
const bytes = Buffer.concat([
  Buffer.from('000102030405060708090a0b0c0d0e0f', 'hex'),
  Buffer.from('20217e7f80ff7c410000000000000000', 'hex'),
  Buffer.from('a'.repeat(53)),
]);

function dump(offset: number, ...pieces: Buffer[]): string {
  const hexdump = new Hexdump(offset);
  return pieces.map((piece) => hexdump.lines(piece)).join('') + hexdump.end();
}

t.test('bytes look as hexdump -C prints them', async (t) => t.equal(dump(0, bytes), printed));

t.test('bytes in pieces look the same', async (t) => {
  for (const at of [16, 32, 48, 64, 80]) {
    t.equal(dump(0, bytes.subarray(0, at), bytes.subarray(at)), printed);
  }
});

t.test('what is equal to the end ends after its asterisk', async (t) => {
  const zeroes = '00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|';
  t.equal(dump(5, Buffer.alloc(32)), `00000005  ${zeroes}\n*\n00000025\n`);
});

t.test('an offset beyond 4 GiB has as many digits as it needs', async (t) => {
  const line = '1000000000  78                                                |x|\n1000000001\n';
  t.equal(dump(2 ** 36, Buffer.from('x')), line);
});

t.test('of no bytes nothing is printed', async (t) => t.equal(dump(0, Buffer.alloc(0)), ''));

import t from 'tap';
import { senderOf, signedRing } from '../../src/peer/signed-ring.js';

for (const [sender, times] of [
  [0, 0xb5_0000_5a3c7],
  [1, 0xb5_0001_5a3c7],
  [4711, 0xb5_1267_5a3c7],
  [65_535, 0xb5_ffff_5a3c7],
] as const) {
  t.test(`a ring of ${times} times is peer ${sender}'s`, async (t) => {
    t.equal(signedRing(sender), times);
    t.equal(senderOf(times), sender);
  });
}

t.test('each peer has a number of its own, which a doorbell can count', async (t) => {
  const numbers = Array.from({ length: 65_536 }, (_, sender) => signedRing(sender));
  t.equal(new Set(numbers).size, 65_536);
  t.ok(numbers.every((number, sender) => number < 2 ** 53 && senderOf(number) === sender));
});

for (const [what, count] of [
  ['one plain ring', 1],
  ['many plain rings', 0xfffff],
  ['a ring and a plain one', 0xb5_0001_5a3c7 + 1],
  ['a ring and a million plain ones', 0xb5_0001_5a3c7 + 0xfffff],
  ['two of one peer', 0xb5_0001_5a3c7 * 2],
  ['two of the first peer', 0xb5_0000_5a3c7 * 2],
  ['two of different peers', 0xb5_0001_5a3c7 + 0xb5_0002_5a3c7],
  ['two of the last peer', 0xb5_ffff_5a3c7 * 2],
  ['three', 0xb5_0001_5a3c7 * 3],
  ['one whose mark is another', 0xb4_0001_5a3c7],
  ['one beyond the last peer', 0xb6_0000_5a3c7],
  ['one whose check is another', 0xb5_0001_5a3c6],
  ['one with a bit above', 0x1b5_0001_5a3c7],
  ['a full count', 2 ** 64],
  ['nothing', 0],
] as const) {
  t.test(`nobody is read from ${what}`, async (t) => t.equal(senderOf(count), undefined));
}

t.test('of any two peers merged, nobody is read', async (t) => {
  for (let one = 0; one < 65_536; one += 1) {
    for (const other of [0, 1, one, 65_535 - one, 65_535]) {
      if (senderOf(signedRing(one) + signedRing(other)) !== undefined) {
        t.fail(`${one} and ${other}`);
      }
    }
  }
  t.pass('whichever they are');
});

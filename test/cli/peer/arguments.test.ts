import t from 'tap';
import { byteCount, seconds, whoIsThere } from '../../../src/cli/peer/arguments.js';
import type { Peer } from '../../../src/index.js';

for (const [text, bytes] of [
  ['0', 0],
  ['4096', 4096],
  ['0x10', 16],
  ['4K', 4096],
  ['0.5k', 512],
  ['2G', 2 ** 31],
] as const) {
  t.test(`${text} is a number of bytes`, async (t) => t.equal(byteCount('OFFSET', text), bytes));
}

for (const [text, ms] of [
  ['0', 0],
  ['5', 5000],
  ['0.25', 250],
  ['.5', 500],
  ['2.', 2000],
] as const) {
  t.test(`${text} seconds are ${ms} ms`, async (t) => t.equal(seconds('timeout', text), ms));
}

for (const text of ['', '.', '-1', '1e3', 'Infinity', '1s', ' 1']) {
  t.test(`'${text}' is no time`, async (t) => {
    t.throws(() => seconds('timeout', text), {
      code: 'ERR_IVSHMEM_OPTION',
      message: / is no time; /,
    });
  });
}

for (const [ids, text] of [
  [[], 'nobody else is there'],
  [[3], 'there is: 3'],
  [[4, 0, 1], 'there are: 0–1, 4'],
  [[1, 2, 3, 7, 9, 10], 'there are: 1–3, 7, 9–10'],
] as const) {
  t.test(`peers ${ids.join(', ')}: ${text}`, async (t) => {
    t.equal(whoIsThere(withPeers(ids)), text);
  });
}

t.test('of very many who is there, the first are named, and how many', async (t) => {
  const ids = Array.from({ length: 1000 }, (_, index) => 2 * index);
  const text = 'there are: 0, 2, 4, 6, 8, 10, 12, 14, 16, 18, 20, 22, …: 1000 in all';
  t.equal(whoIsThere(withPeers(ids)), text);
});

function withPeers(ids: readonly number[]): Peer {
  return { peers: new Map(ids.map((id) => [id, 1])) } as unknown as Peer;
}

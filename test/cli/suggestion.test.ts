import t from 'tap';
import { nearestWord } from '../../src/cli/suggestion.js';

const known = ['serve', 'socket', 'socket-mode', 'size', 'vectors'];

for (const [word, nearest] of [
  ['serve', 'serve'],
  ['srve', 'serve'],
  ['server', 'serve'],
  ['sock', 'socket'],
  ['socekt', 'socket'],
  ['sevre', 'serve'],
  ['szie', 'size'],
  ['socket_mode', 'socket-mode'],
  ['sise', 'size'],
  ['Vectors', 'vectors'],
  ['vector', 'vectors'],
  ['frobnicate', undefined],
  ['s', undefined],
  ['', undefined],
] as const) {
  t.test(`'${word}' may have meant ${nearest ?? 'nothing known'}`, async (t) => {
    t.equal(nearestWord(word, known), nearest);
  });
}

t.test('of nothing known nothing is near', async (t) => {
  t.equal(nearestWord('serve', []), undefined);
});

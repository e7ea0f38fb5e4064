import t from 'tap';
import {
  formatSize,
  isValidSize,
  nearestSizes,
  parseSize,
  roundSizeUp,
} from '../../src/server/size.js';

const M = 1024 ** 2;
const T = 1024 ** 4;

t.test('sizes are read and written', async (t) => {
  const sizes: readonly (readonly [string, number])[] = [
    ['0', 0],
    ['1', 1],
    ['4095', 4095],
    ['4K', 4096],
    ['4M', 4 * M],
    ['2G', 2048 * M],
    ['4G', 4096 * M],
    ['5G', 5 * 1024 * M],
    ['4096T', 4096 * T],
    ['-4M', -4 * M],
  ];
  for (const [text, bytes] of sizes) {
    t.equal(parseSize(text), bytes, text);
    t.equal(formatSize(bytes), text, text);
  }
});

t.test('a unit may be small, and larger than needed', async (t) => {
  t.equal(parseSize('4m'), 4 * M);
  t.equal(parseSize('0.5G'), 512 * M);
  t.equal(parseSize('0x400000'), 4 * M);
  t.equal(parseSize('1024k'), M);
  t.equal(formatSize(1024 * M), '1G');
});

t.test('what is no size is none', async (t) => {
  for (const text of [
    '',
    'M',
    '4X',
    '4MB',
    '4 M',
    '0x',
    '1e6',
    '1.3',
    '0.0001K',
    '+4M',
    '4M ',
    'NaN',
  ]) {
    t.equal(parseSize(text), undefined, text);
  }
});

t.test('QEMU takes powers of two, from a page on', async (t) => {
  for (const bytes of [4096, 8192, 4 * M, 2 ** 52]) t.ok(isValidSize(bytes, 4096), `${bytes}`);
  for (const bytes of [0, 1, 2048, 12_288, 3 * M, -4096, 2 ** 53, NaN, Infinity, 4096.5]) {
    t.notOk(isValidSize(bytes, 4096), `${bytes}`);
  }
  t.notOk(isValidSize(M, 2 * M), 'less than a huge page');
});

t.test('a size is rounded up to one that holds it', async (t) => {
  t.equal(roundSizeUp(1, 4096), 4096);
  t.equal(roundSizeUp(4096, 4096), 4096);
  t.equal(roundSizeUp(4097, 4096), 8192);
  t.equal(roundSizeUp(3 * M, 4096), 4 * M);
  t.equal(roundSizeUp(M, 2 * M), 2 * M);
  t.equal(roundSizeUp(2 ** 53, 4096), 2 ** 52);
});

t.test('the nearest sizes are one below and one above, where there are', async (t) => {
  t.same(nearestSizes(3 * M, 4096), [2 * M, 4 * M]);
  t.same(nearestSizes(4097, 4096), [4096, 8192]);
  for (const bytes of [-1, 0, 1, 4095]) t.same(nearestSizes(bytes, 4096), [4096], `${bytes}`);
  t.same(nearestSizes(2 ** 53, 4096), [2 ** 52]);
});

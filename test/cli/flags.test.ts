// Page sizes differ between machines: where the least size shows, it is the machine's own.
import t from 'tap';
import { pageSize } from '../../native/memory.js';
import { fileMode, integer, sizeBytes } from '../../src/cli/flags.js';

const page = `${pageSize() / 1024}K`;

for (const [text, value] of [
  ['4096', 4096],
  ['4k', 4096],
  ['4M', 4_194_304],
  ['3M', 3_145_728],
  ['2g', 2 ** 31],
  ['1T', 2 ** 40],
  ['0', 0],
  ['-4M', -4_194_304],
] as const) {
  t.test(`${text} is a size, be it a valid one or not`, async (t) => {
    t.equal(sizeBytes('size', text), value);
  });
}

for (const [text, nearest] of [
  ['4X', '4M'],
  ['4MB', '4M'],
  ['4 M', '4M'],
  ['.3G', '256M and 512M'],
  ['-4X', page],
  ['4194304B', '4M'],
  ['1P', '1024T'],
  ['1.5', '1M and 2M'],
  ['', '4M'],
  ['M', '4M'],
  ['four', '4M'],
] as const) {
  t.test(`'${text}' is no size, and one that is near is named`, async (t) => {
    const message = new RegExp(`^'${text}' is no size: .* nearest: ${nearest}$`);
    t.throws(() => sizeBytes('size', text), {
      code: 'ERR_IVSHMEM_OPTION',
      option: 'size',
      message,
    });
  });
}

for (const [text, value] of [
  ['0', 0],
  ['16', 16],
  ['-1', -1],
  ['007', 7],
  ['0x1F', 31],
] as const) {
  t.test(`${text} is an integer`, async (t) => t.equal(integer('vectors', text, '1–9'), value));
}

for (const text of ['', 'x', '1.5', '1e3', '0x', '0xg', ' 1', '1 ', '+1', '1'.repeat(16)]) {
  t.test(`'${text}' is no integer, and the range is named`, async (t) => {
    const message = `'${text}' is not an integer in 1–9`;
    t.throws(() => integer('vectors', text, '1–9'), { option: 'vectors', message });
  });
}

for (const [text, mode] of [
  ['660', 0o660],
  ['0660', 0o660],
  ['0o660', 0o660],
  ['0', 0],
  ['1777', 0o1777],
] as const) {
  t.test(`${text} is a mode in octal, be it a valid one or not`, async (t) => {
    t.equal(fileMode('socketMode', text), mode);
  });
}

for (const text of ['', '888', '0o', 'rw', 'u=rw', '-1', '0x1b0', '00660 ', '100000']) {
  t.test(`'${text}' is no mode, and the range is named`, async (t) => {
    const expected = { option: 'socketMode', message: /0–0777, written in octal$/ };
    t.throws(() => fileMode('socketMode', text), expected);
  });
}

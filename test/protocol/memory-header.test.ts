// The header of a memory, byte by byte: literal hex on one side, what it tells on the other.
import t from 'tap';
import { MemoryHeaderError } from '../../src/protocol/memory-header-error.js';
import {
  decodeMemoryHeader,
  encodeMemoryHeader,
  hasMemoryHeader,
  labelFault,
  MAX_LABEL_BYTES,
  MEMORY_HEADER_BYTES,
  type MemoryHeader,
} from '../../src/protocol/memory-header.js';

const M = 1024 ** 2;

/** The parts of a good header of 4 MiB, in their order; a test replaces some. */
const good = {
  magic: '4956 5348 4d45 4d00',
  byteOrder: '0403 0201',
  version: '0100 0000',
  headerBytes: '8000 0000',
  vectors: '0200 0000',
  sizeBytes: '0000 4000 0000 0000',
  label: '6c61 62',
  rest: '',
};

/** A header as bytes; the label is filled up with NULs, and so is the end. */
function bytes(parts: Partial<typeof good> = {}): Buffer {
  const { label, rest, ...front } = { ...good, ...parts };
  const hex = (text: string): string => text.replaceAll(' ', '');
  return Buffer.from(
    Object.values(front).map(hex).join('') +
      hex(label).padEnd(128, '0') +
      hex(rest).padEnd(64, '0'),
    'hex',
  );
}

const headers: readonly (readonly [parts: Partial<typeof good>, header: MemoryHeader])[] = [
  [{}, { label: 'lab', sizeBytes: 4 * M, vectors: 2 }],
  [
    { vectors: '0100 0000', label: '61' },
    { label: 'a', sizeBytes: 4 * M, vectors: 1 },
  ],
  [{ vectors: '0008 0000' }, { label: 'lab', sizeBytes: 4 * M, vectors: 2048 }],
  [{ sizeBytes: '8000 0000 0000 0000' }, { label: 'lab', sizeBytes: 128, vectors: 2 }],
  [{ sizeBytes: '0000 0000 0100 0000' }, { label: 'lab', sizeBytes: 2 ** 32, vectors: 2 }],
  [{ sizeBytes: '0010 0000 0100 0000' }, { label: 'lab', sizeBytes: 2 ** 32 + 4096, vectors: 2 }],
  [{ sizeBytes: '0000 0000 0000 1000' }, { label: 'lab', sizeBytes: 2 ** 52, vectors: 2 }],
  [{ sizeBytes: '0000 0000 0000 2000' }, { label: 'lab', sizeBytes: 2 ** 53, vectors: 2 }],
  [
    { label: '626c c3a4 7520 e29c 9320 f09f a68a' },
    { label: 'bläu ✓ 🦊', sizeBytes: 4 * M, vectors: 2 },
  ],
  [{ label: '78'.repeat(63) }, { label: 'x'.repeat(63), sizeBytes: 4 * M, vectors: 2 }],
];

t.test('a header is 128 bytes at fixed places, and reads as it was written', async (t) => {
  t.equal(MEMORY_HEADER_BYTES, 128);
  t.equal(MAX_LABEL_BYTES, 63);
  for (const [parts, header] of headers) {
    const title = JSON.stringify(header);
    t.equal(Buffer.from(encodeMemoryHeader(header)).toString('hex'), bytes(parts).toString('hex'));
    t.strictSame(decodeMemoryHeader(bytes(parts), header.sizeBytes), header, title);
  }
});

t.test('a whole memory says itself how large it is', async (t) => {
  const memory = Buffer.alloc(4096, 0xee);
  memory.set(bytes({ sizeBytes: '0010 0000 0000 0000' }));
  t.strictSame(decodeMemoryHeader(memory), { label: 'lab', sizeBytes: 4096, vectors: 2 });
});

t.test('what a later header may have is passed over', async (t) => {
  for (const parts of [
    { rest: 'ff'.repeat(32) },
    { headerBytes: 'c000 0000' },
    { headerBytes: '0000 4000' },
  ]) {
    const { label } = decodeMemoryHeader(bytes(parts), 4 * M);
    t.equal(label, 'lab', JSON.stringify(parts));
  }
});

t.test('a guest that writes in the middle of it is not heard', async (t) => {
  const memory = bytes();
  t.capture(DataView.prototype, 'getUint32', function (this: DataView, offset: number) {
    memory.fill(0xff);
    return this.getInt32(offset, true) >>> 0;
  });
  t.equal(decodeMemoryHeader(memory, 4 * M).label, 'lab');
  t.equal(memory[0], 0xff);
});

t.test('the magic alone tells whether there is a header', async (t) => {
  t.equal(hasMemoryHeader(bytes()), true);
  t.equal(hasMemoryHeader(bytes({ byteOrder: '0102 0304', label: '' })), true);
  t.equal(hasMemoryHeader(bytes({ magic: '4956 5348 4d45 4d20' })), false);
  t.equal(hasMemoryHeader(Buffer.from('4956 5348 4d45 4d'.replaceAll(' ', ''), 'hex')), false);
  t.equal(hasMemoryHeader(Buffer.alloc(128)), false);
});

type Wrong = readonly [which: string, parts: Partial<typeof good>, says: RegExp];
const wrong: readonly Wrong[] = [
  ['MAGIC', { magic: '0000 0000 0000 0000' }, /begins with 00 00 00 00 00 00 00 00, not/],
  ['MAGIC', { magic: '6976 7368 6d65 6d00' }, /begins with 69 76 73 68/],
  ['MAGIC', { magic: '4956 5348 4d45 4d01' }, /4d 01, not/],
  ['BYTE_ORDER', { byteOrder: '0102 0304' }, /is 01 02 03 04, not 04 03 02 01/],
  ['BYTE_ORDER', { byteOrder: '0000 0000' }, /is 00 00 00 00, not/],
  ['VERSION', { version: '0000 0000' }, /of version 0, not 1/],
  ['VERSION', { version: '0200 0000' }, /of version 2, not 1/],
  ['VERSION', { version: '0000 0001' }, /of version 16777216, not 1/],
  ['SIZE', { headerBytes: '7f00 0000' }, /own size is 127 bytes, not 128–4194304/],
  ['SIZE', { headerBytes: '0000 0000' }, /own size is 0 bytes/],
  ['SIZE', { headerBytes: '0100 4000' }, /own size is 4194305 bytes/],
  ['SIZE', { sizeBytes: '0000 8000 0000 0000' }, /of a memory of 8388608 bytes, not 4194304/],
  ['SIZE', { sizeBytes: '0000 4000 0000 0080' }, /of 9223372036858970112 bytes/],
  ['VECTORS', { vectors: '0000 0000' }, /are 0, not 1–2048/],
  ['VECTORS', { vectors: '0108 0000' }, /are 2049, not 1–2048/],
  ['LABEL', { label: '' }, /has 0 bytes/],
  ['LABEL', { label: '78'.repeat(64) }, /has 64 bytes of UTF-8, not 1–63/],
  ['LABEL', { label: '6c61 6200 62' }, /bytes behind its end/],
  ['LABEL', { label: '0062' }, /bytes behind its end/],
  ['LABEL', { label: '1b5b 324a' }, /has U\+001B, /],
  ['LABEL', { label: 'ff' }, /has U\+FFFD, /],
  ['LABEL', { label: 'efbb bf61' }, /has U\+FEFF, /],
];
for (const [which, parts, message] of wrong) {
  t.test(`${JSON.stringify(parts)} is a wrong ${which}`, async (t) => {
    const code = `ERR_IVSHMEM_HEADER_${which}`;
    const error = { name: 'MemoryHeaderError', code, message };
    t.throws(() => decodeMemoryHeader(bytes(parts), 4 * M), error);
  });
}

t.test('of several things that are wrong the first one is named', async (t) => {
  const order: readonly (readonly [which: string, parts: Partial<typeof good>])[] = [
    ['LABEL', { label: 'ff' }],
    ['VECTORS', { vectors: 'ffff ffff' }],
    ['SIZE', { sizeBytes: 'ffff ffff ffff ffff' }],
    ['SIZE', { headerBytes: 'ffff ffff' }],
    ['VERSION', { version: 'ffff ffff' }],
    ['BYTE_ORDER', { byteOrder: 'ffff ffff' }],
    ['MAGIC', { magic: 'ffff ffff ffff ffff' }],
  ];
  let broken = {};
  for (const [which, parts] of order) {
    broken = { ...broken, ...parts };
    const code = codeOf(() => decodeMemoryHeader(bytes(broken), 4 * M));
    t.equal(code, `ERR_IVSHMEM_HEADER_${which}`);
  }
});

t.test('a size that a double does not count exactly is not taken for its neighbour', async (t) => {
  const parts = { sizeBytes: '0100 0000 0000 2000' };
  t.throws(() => decodeMemoryHeader(bytes(parts), 2 ** 53), {
    code: 'ERR_IVSHMEM_HEADER_SIZE',
    message: /of 9007199254740993 bytes, not 9007199254740992$/,
  });
});

t.test('less than a header is none, wherever it ends', async (t) => {
  for (let length = 0; length < 128; length += 1) {
    const code = 'ERR_IVSHMEM_HEADER_SIZE';
    t.equal(
      codeOf(() => decodeMemoryHeader(bytes().subarray(0, length), 4 * M)),
      code,
    );
  }
});

t.test('what cannot be in a header is not written', async (t) => {
  const header = { label: 'lab', sizeBytes: 4 * M, vectors: 2 };
  for (const sizeBytes of [0, 127, 4096.5, NaN, Infinity, 2 ** 54]) {
    t.throws(() => encodeMemoryHeader({ ...header, sizeBytes }), {
      code: 'ERR_IVSHMEM_HEADER_SIZE',
      message: `a memory with a header has 128–2^53 bytes, not ${sizeBytes}`,
    });
  }
  for (const vectors of [0, 2049, 1.5, -1]) {
    const code = 'ERR_IVSHMEM_HEADER_VECTORS';
    t.throws(() => encodeMemoryHeader({ ...header, vectors }), { code });
  }
  for (const label of ['', 'x'.repeat(64), 'a\nb']) {
    const code = 'ERR_IVSHMEM_HEADER_LABEL';
    t.throws(() => encodeMemoryHeader({ ...header, label }), { code });
  }
});

t.test('a label is what people can read on one line', async (t) => {
  for (const label of ['a', 'blue lab', 'lab-1.example/x', "it's", '青い', 'é', '🦊', '\u00a0']) {
    t.equal(labelFault(label), undefined, label);
  }
  const faults = [
    ['', /^it has 0 bytes of UTF-8, not 1–63$/],
    ['é'.repeat(32), /^it has 64 bytes of UTF-8/],
    ['a\0b', /^it has U\+0000, which is not for printing$/],
    ['tab\t', /U\+0009/],
    ['\u007f', /U\+007F/],
    ['\u009b', /U\+009B/],
    ['\u202egnp', /U\+202E/],
    ['\ue000', /U\+E000/],
    ['\u2028', /U\+2028/],
    ['\u2029', /U\+2029/],
    ['\ufffd', /U\+FFFD/],
    ['\uffff', /U\+FFFF/],
    ['\ud800', /U\+D800/],
    ['\u{e0001}', /U\+E0001/],
  ] as const;
  for (const [label, fault] of faults) t.match(labelFault(label), fault);
});

function codeOf(act: () => unknown): string {
  try {
    act();
  } catch (error) {
    if (error instanceof MemoryHeaderError) return error.code;
    throw error;
  }
  return 'nothing is wrong';
}

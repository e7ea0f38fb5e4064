import t from 'tap';
import {
  decodeAnswer,
  encodeAnswer,
  QUESTION_PREFIX,
  type RegionDescription,
} from '../../src/protocol/answer.js';

const description: RegionDescription = {
  pid: 7,
  socket: '/run/ivshmem.sock',
  vectors: 4,
  memory: {
    kind: 'memfd',
    sizeBytes: 4_194_304,
    path: '/proc/7/fd/20',
    device: '1',
    inode: '18446744073709551615',
  },
  nextId: 0,
};
const line =
  '{"pid":7,"socket":"/run/ivshmem.sock","vectors":4,' +
  '"memory":{"kind":"memfd","sizeBytes":4194304,"path":"/proc/7/fd/20",' +
  '"device":"1","inode":"18446744073709551615"},"nextId":0}\n';

t.test('an answer is one line of JSON', async (t) => {
  t.equal(encodeAnswer(description), line);
  t.same(decodeAnswer(line), description);
});

t.test('any path that can be printed passes whole', async (t) => {
  for (const socket of ['/a b', '/ä"\\', '/💥', "/$(id)`'", '/..a/.b/c..', '/\ufffe']) {
    const text = encodeAnswer({ ...description, socket });
    t.equal(text.indexOf('\n'), text.length - 1, 'one line');
    t.equal(decodeAnswer(text).socket, socket);
  }
});

t.test('that no ID is left is null', async (t) => {
  const text = line.replace('"nextId":0', '"nextId":null');
  t.equal(encodeAnswer({ ...description, nextId: null }), text);
  t.equal(decodeAnswer(text).nextId, null);
  t.equal(decodeAnswer(line.replace('"nextId":0', '"nextId":65535')).nextId, 65_535);
});

t.test('what came of a reload goes with it, where there is a file', async (t) => {
  const reload = { asked: 3, done: 2, summary: 'reloaded: kept a', problems: ['a: ä'] };
  const text = line.replace(
    '"nextId":0',
    '"nextId":0,"reload":{"asked":3,"done":2,"summary":"reloaded: kept a","problems":["a: ä"]}',
  );
  t.equal(encodeAnswer({ ...description, reload }), text);
  t.same(decodeAnswer(text), { ...description, reload });
  for (const wrong of [
    '1',
    'null',
    '{}',
    '{"asked":-1,"done":0,"summary":"","problems":[]}',
    '{"asked":0,"summary":"","problems":[]}',
    '{"asked":0,"done":0,"summary":"\\u001b","problems":[]}',
    '{"asked":0,"done":0,"summary":"","problems":""}',
    '{"asked":0,"done":0,"summary":"","problems":[1]}',
    '{"asked":0,"done":0,"summary":"","problems":["\\n"]}',
  ]) {
    const given = line.replace('"nextId":0', `"nextId":0,"reload":${wrong}`);
    t.throws(() => decodeAnswer(given), { code: 'ERR_IVSHMEM_ANSWER' }, wrong);
  }
});

t.test('fields of a later version do not disturb', async (t) => {
  t.match(decodeAnswer(line.replace('{', '{"later":{"more":[1]},')), description);
});

const wrong: Readonly<Record<string, string>> = {
  nothing: '',
  'no JSON': 'hello\n',
  'no object': '7\n',
  null: 'null\n',
  'a welcome of the protocol': '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0',
  'an answer without its end': line.slice(0, -1),
  'half an answer': `${line.slice(0, 50)}\n`,
  'a list': '[]\n',
  'no memory': line.replace('"memory"', '"mem"'),
  'memory that is none': line.replace(/\{"kind.*?\}/, 'null'),
  'a text for a number': line.replace('4,', '"4",'),
  'no vectors': line.replace('"vectors":4', '"vectors":0'),
  'half a vector': line.replace('"vectors":4', '"vectors":1.5'),
  'more vectors than there can be': line.replace('"vectors":4', '"vectors":2049'),
  'an empty path': line.replace('/run/ivshmem.sock', ''),
  'a number for a path': line.replace('"/proc/7/fd/20"', '20'),
  'an ID that there is not': line.replace('"nextId":0', '"nextId":65536'),
  'no size': line.replace('4194304', '0'),
  'half a size': line.replace('4194304', '0.5'),
  'a size that is no power of two': line.replace('4194304', '4194303'),
  'a size that a logarithm takes for one': line.replace('4194304', '4503599627370497'),
  'a size that no number can tell': line.replace('4194304', '18014398509481984'),
  'a memory of a kind that there is not': line.replace('memfd', 'memfd\\u001b[2J'),
  'an inode that is rounded': line.replace('"18446744073709551615"', '18446744073709551615'),
  'an inode that is none': line.replace('18446744073709551615', '-1'),
  'no device': line.replace('"device":"1",', ''),
  'a process that is none': line.replace('"pid":7', '"pid":-7'),
  'an ID below all': line.replace('"nextId":0', '"nextId":-1'),
  'no ID and no null': line.replace(',"nextId":0', ''),
  'no process': line.replace('"pid":7', '"pid":0'),
};
for (const [what, text] of Object.entries(wrong)) {
  t.test(`no answer: ${what}`, async (t) => {
    t.throws(() => decodeAnswer(text), { name: 'ProtocolError', code: 'ERR_IVSHMEM_ANSWER' });
  });
}

const paths = {
  'a relative path': 'run/s',
  'a path to a parent': '/dev/shm/..',
  'a path to itself': '/dev/./shm',
  'a path with a hole': '/dev//shm',
  'the root': '/',
  'a line of its own': '/s\\nivshmem: all fine',
  'a word to a terminal': '/s\\u001b]0;pwn\\u0007',
  'the same in one character': '/s\\u009b2J',
  'what turns a line around': '/s\\u202egnp.',
  'a line separator': '/s\\u2028',
  'half a pair': '/s\\ud800',
};
for (const [what, text] of Object.entries(paths)) {
  t.test(`no path of an answer: ${what}`, async (t) => {
    for (const [field, path] of [
      ['socket', '/run/ivshmem.sock'],
      ['memory.path', '/proc/7/fd/20'],
    ] as const) {
      t.throws(() => decodeAnswer(line.replace(path, text)), {
        code: 'ERR_IVSHMEM_ANSWER',
        message: `${field} in the server's answer is not an absolute path of characters that can be printed`,
      });
    }
  });
}

t.test('what came is shown on one line, and moves no cursor', async (t) => {
  const message = 'expected what the region is, the server sent "\\u{9b}2J\\u{a}\\"\\\\"';
  t.throws(() => decodeAnswer('\x9b2J\n"\\'), { message });
});

t.test('the error shows what came, not all of it', async (t) => {
  const message = `expected what the region is, the server sent "${'x'.repeat(40)}"`;
  t.throws(() => decodeAnswer('x'.repeat(99)), { message });
});

t.test('what askers are known by is part of the contract between versions', async (t) => {
  t.equal(QUESTION_PREFIX, 'ivshmem-ask/');
});

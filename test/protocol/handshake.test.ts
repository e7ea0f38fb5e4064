// The receiving half, fed from literal hex.
import t from 'tap';
import { Handshake, type Fact } from '../../src/protocol/handshake.js';
import { ProtocolError } from '../../src/protocol/protocol-error.js';
import { MessageDecoder, type Message } from '../../src/protocol/wire.js';

type Sent = readonly [hex: string, fd?: string];

const version: Sent = ['0000000000000000'];
const id2: Sent = ['0200000000000000'];
const memory: Sent = ['ffffffffffffffff', 'memory'];
const welcome: readonly Sent[] = [version, id2, memory];

function message([hex, fd]: Sent): Message<string> {
  const message = new MessageDecoder<string>().push(Buffer.from(hex, 'hex'), fd);
  if (!message) throw new Error('eight bytes make a message');
  return message;
}

function receiveAll(handshake: Handshake<string>, sent: readonly Sent[]): Fact<string>[] {
  return sent.map((one) => handshake.receive(message(one)));
}

t.test('the first client of the transcript', (t) => {
  const facts = receiveAll(new Handshake(), [
    ['0000000000000000'],
    ['0000000000000000'],
    ['ffffffffffffffff', 'memory'],
    ['0000000000000000', 'fd 0'],
    ['0100000000000000', 'fd 1'],
    ['0100000000000000'],
  ]);
  t.strictSame(facts, [
    { type: 'version' },
    { type: 'id', id: 0 },
    { type: 'memory', fd: 'memory' },
    { type: 'doorbell', id: 0, vector: 0, fd: 'fd 0' },
    { type: 'doorbell', id: 1, vector: 0, fd: 'fd 1' },
    { type: 'leave', id: 1 },
  ]);
  t.end();
});

t.test('vectors are counted for each peer', (t) => {
  const handshake = new Handshake<string>();
  t.equal(handshake.id, undefined);
  receiveAll(handshake, welcome);
  t.equal(handshake.id, 2);
  const facts = receiveAll(handshake, [
    ['0000000000000000', 'a'],
    ['0000000000000000', 'b'],
    ['0200000000000000', 'c'],
    ['0200000000000000', 'd'],
    ['ffff000000000000', 'e'],
  ]);
  t.strictSame(
    facts.map((fact) => (fact.type === 'doorbell' ? [fact.id, fact.vector, fact.fd] : fact)),
    [
      [0, 0, 'a'],
      [0, 1, 'b'],
      [2, 0, 'c'],
      [2, 1, 'd'],
      [65_535, 0, 'e'],
    ],
  );
  t.strictSame(
    [...handshake.vectors],
    [
      [0, 2],
      [2, 2],
      [65_535, 1],
    ],
  );
  t.end();
});

t.test('a peer may leave before all of its vectors were told', (t) => {
  const handshake = new Handshake<string>();
  receiveAll(handshake, [...welcome, ['0000000000000000', 'a']]);
  t.strictSame(handshake.receive(message(['0000000000000000'])), { type: 'leave', id: 0 });
  t.strictSame([...handshake.vectors], []);
  t.end();
});

const refused: readonly (readonly [
  fact: string,
  sent: readonly Sent[],
  code: string,
  text: RegExp,
])[] = [
  [
    'a version that is not 0',
    [['0100000000000000']],
    'ERR_IVSHMEM_VERSION',
    /expected version 0, the server sent 1$/,
  ],
  [
    'a version with a descriptor',
    [['0000000000000000', 'x']],
    'ERR_IVSHMEM_VERSION',
    /sent 0 with a descriptor$/,
  ],
  [
    'an ID below 0',
    [version, ['ffffffffffffffff']],
    'ERR_IVSHMEM_ID',
    /our ID, the server sent -1$/,
  ],
  ['an ID above 65535', [version, ['0000010000000000']], 'ERR_IVSHMEM_ID', /sent 65536$/],
  [
    'an ID with a descriptor',
    [version, ['0200000000000000', 'x']],
    'ERR_IVSHMEM_ID',
    /descriptor$/,
  ],
  [
    'vectors before the memory',
    [version, id2, ['0200000000000000', 'x']],
    'ERR_IVSHMEM_MEMORY',
    /expected the memory, the server sent 2 with a descriptor$/,
  ],
  [
    'a memory without descriptor',
    [version, id2, ['ffffffffffffffff']],
    'ERR_IVSHMEM_MEMORY',
    /sent -1$/,
  ],
  ['a second memory', [...welcome, memory], 'ERR_IVSHMEM_JOIN', /vector 0 of peer -1$/],
  [
    'a join of a peer above 65535',
    [...welcome, ['0000010000000000', 'x']],
    'ERR_IVSHMEM_JOIN',
    /vector 0 of peer 65536$/,
  ],
  [
    'a leave of a peer that never came',
    [...welcome, ['0300000000000000']],
    'ERR_IVSHMEM_LEAVE',
    /leave of peer 3, not there$/,
  ],
  [
    'a second leave',
    [...welcome, ['0300000000000000', 'x'], ['0300000000000000'], ['0300000000000000']],
    'ERR_IVSHMEM_LEAVE',
    /peer 3/,
  ],
  [
    'our own leave',
    [...welcome, ['0200000000000000', 'x'], ['0200000000000000']],
    'ERR_IVSHMEM_LEAVE',
    /peer 2/,
  ],
];

for (const [fact, sent, code, text] of refused) {
  t.test(`${fact} is an error, and changes nothing`, (t) => {
    const handshake = new Handshake<string>();
    receiveAll(handshake, sent.slice(0, -1));
    const before = [handshake.id, ...handshake.vectors];
    const last = sent.slice(-1);
    t.throws(() => receiveAll(handshake, last), { name: 'ProtocolError', code, message: text });
    t.strictSame([handshake.id, ...handshake.vectors], before);
    t.throws(() => receiveAll(handshake, last), { code }, 'not even what is expected next');
    t.end();
  });
}

t.test('the same connection goes on after an error', (t) => {
  const handshake = new Handshake<string>();
  for (const good of [version, id2, memory]) {
    t.throws(() => handshake.receive(message(['0000010000000000', 'x'])), ProtocolError);
    handshake.receive(message(good));
  }
  t.equal(handshake.receive(message(['0200000000000000', 'x'])).type, 'doorbell');
  t.end();
});

t.test('a negative version is a refusal with its reason', (t) => {
  for (const [hex, refusal] of [
    ['f3ffffffffffffff', -13],
    ['e8ffffffffffffff', -24],
  ] as const) {
    t.throws(() => new Handshake<string>().receive(message([hex])), {
      code: 'ERR_IVSHMEM_REFUSED',
      refusal,
    });
  }
  t.end();
});

t.test('a peer has at most 2048 vectors', (t) => {
  const handshake = new Handshake<string>();
  receiveAll(handshake, welcome);
  for (let vector = 0; vector < 2048; vector += 1) {
    handshake.receive(message(['0700000000000000', `${vector}`]));
  }
  t.throws(() => handshake.receive(message(['0700000000000000', 'x'])), {
    code: 'ERR_IVSHMEM_JOIN',
    message: /vector 2048 of peer 7/,
  });
  t.equal(handshake.vectors.get(7), 2048);
  t.end();
});

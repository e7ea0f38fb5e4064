// The judge of the other tests must not let anything pass: one row per rule of the protocol.
import t from 'tap';
import { StrictRules, type StrictRulesOptions } from './strict-rules.js';

/** `7` is a message without, `7+` one with a descriptor; `end` is the end of the stream. */
function judge(stream: string, options?: StrictRulesOptions): StrictRules {
  const rules = new StrictRules(2, options);
  for (const word of stream.split(' ')) {
    if (word === 'end') rules.end(false);
    else rules.receive(parseInt(word), word.endsWith('+'));
  }
  return rules;
}

const first = '0 0 -1+ 0+ 0+';
const fifth = '0 5 -1+ 3+ 3+ 5+ 5+';

const allowed: Readonly<Record<string, string>> = {
  'a welcome': first,
  'a welcome, and the end': `${first} end`,
  'a refusal, and the end': '-13 end',
  'who was there before, and who came later': `${fifth} 6+ 6+ 9+ 9+`,
  'a leave, and the next join': `${fifth} 3 6+ 6+`,
  'a leave instead of the rest of a join': `${fifth} 6+ 6 7+ 7+`,
  'a join broken off before its own vectors': '0 5 -1+ 2+ 3+ 3+ 5+ 5+ 2 6+ 6+',
  'another leave before the one that explains the gap': `${fifth} 6+ 3 6 7+ 7+`,
};

const forbidden: Readonly<Record<string, string>> = {
  'another version': '1',
  'a descriptor with the version': '0+',
  'more after a refusal': '-13 0',
  'an ID below 0': '0 -1',
  'an ID above 65535': '0 65536',
  'a descriptor with the ID': '0 0+',
  'a vector before the memory': '0 0 0+',
  'the memory without descriptor': '0 0 -1',
  'the memory twice': '0 0 -1+ -1+',
  'an end before everything': 'end',
  'an end before the memory': '0 0 end',
  'an end before all of its own vectors': '0 0 -1+ 0+ end',
  'a leave before its own vectors': '0 5 -1+ 3+ 3+ 3',
  'a leave of itself': `${first} 0`,
  'a leave of a stranger': `${first} 1`,
  'a second leave': `${fifth} 3 3`,
  'a join of who has left': `${fifth} 3 3+`,
  'a vector too many': `${fifth} 3+`,
  'another join inside a join': `${fifth} 6+ 7+`,
  'a join that goes on after another': '0 5 -1+ 2+ 3+ 3+ 2+',
  'another join where one has broken off': `${fifth} 6+ 3 7+`,
  'itself before who was there': '0 5 -1+ 5+ 5+ 3+',
  'who came later before itself': '0 5 -1+ 6+',
  'later joins out of order': `${fifth} 7+ 7+ 6+`,
  'a peer ID above 65535': `${fifth} 65536+`,
};

for (const [name, stream] of Object.entries(allowed)) {
  t.test(`allowed: ${name}`, async (t) => {
    t.doesNotThrow(() => judge(stream));
  });
}

for (const [name, stream] of Object.entries(forbidden)) {
  t.test(`forbidden: ${name}`, async (t) => {
    const words = stream.split(' ');
    if (words.length > 1) judge(words.slice(0, -1).join(' '));
    t.throws(() => judge(stream), { message: /^broken rule: / });
  });
}

const ofVisitor: Readonly<Record<string, string>> = {
  'others whose IDs are higher, then itself, then who came later':
    '0 2 -1+ 1+ 1+ 5+ 5+ 2+ 2+ 6+ 6+',
  'itself behind a join that broke off': '0 2 -1+ 1+ 5+ 5+ 2+ 2+ 1 6+ 6+',
  'itself alone': first,
};

const notOfVisitor: Readonly<Record<string, string>> = {
  'others out of order before itself': '0 2 -1+ 5+ 5+ 1+',
  'others out of order behind itself': '0 2 -1+ 5+ 5+ 2+ 2+ 4+',
  'itself inside others': '0 2 -1+ 5+ 2+ 5+',
  'itself again': '0 2 -1+ 2+ 2+ 5+ 5+ 2+',
  'a leave before its own vectors': '0 2 -1+ 5+ 5+ 5',
  'a leave of itself': '0 2 -1+ 2+ 2+ 2',
  'an end before its own vectors': '0 2 -1+ 5+ 5+ end',
};

for (const [name, stream] of Object.entries(ofVisitor)) {
  t.test(`allowed of a visitor: ${name}`, async (t) => {
    t.doesNotThrow(() => judge(stream, { isVisitor: true }));
  });
}

for (const [name, stream] of Object.entries(notOfVisitor)) {
  t.test(`forbidden of a visitor: ${name}`, async (t) => {
    judge(stream.split(' ').slice(0, -1).join(' '), { isVisitor: true });
    t.throws(() => judge(stream, { isVisitor: true }), { message: /^broken rule: / });
  });
}

t.test('no stream ends inside a message', async (t) => {
  t.throws(() => {
    judge(first).end(true);
  });
});

t.test('it counts the doorbells of those who are there', async (t) => {
  t.same(
    [...judge(`${fifth} 6+ 6+ 3 7+`).told],
    [
      [5, 2],
      [6, 2],
      [7, 1],
    ],
  );
  t.notOk(judge('0 5 -1+ 5+').isWelcomed);
  t.ok(judge('0 5 -1+ 5+ 5+').isWelcomed);
});

// Files by chance: a right one, in which some words are others.
//
// Rule 1: each ends in a configuration or in ConfigError with places inside of the file; in nothing else.
import t from 'tap';
import { findingsOf } from '../../helper/config-file.js';
import { Random } from '../../helper/random.js';

const right = `regions :
  lab :
    socket : /run/s
    host-socket : false
    socket-mode : "0660"
    size : &s 64M
    shm-name : lab
    max-peers : 10
    access : [ { user : root , unit : "*.service" } , { group : 0 } ]
    vms : { web : { id : 5 , socket : w } , db : { user : 7 , qemu-name : db } }
  b : { socket : /run/b , mem-path : m , mem-group : 0 , size : *s , label : b }
`;
const words = right.split(/(\s+)/);
const others = [
  ...new Set(words.filter((word) => word.trim() !== '')),
  ...['0660', '3M', '-1', '1.5', '.inf', 'true', 'null', '~', '""', '[]', '{}', '[', ']', '{', '}'],
  ...[
    '&x',
    '*x',
    '!y',
    '!!str',
    '<<',
    '|',
    '>',
    '?',
    '-',
    '%',
    '@',
    '`',
    '#',
    "'",
    '"',
    '---',
    '...',
  ],
  ...['\t', '\n', '\u0000', '\u2028', 'é', '😀', '__proto__', 'constructor', 'sokcet', '/', '~/x'],
];
const random = new Random();

t.test('whatever stands in a file, it is right or it is said where it is wrong', async (t) => {
  t.comment(random.toString());
  t.strictSame(await findingsOf(t, right), []);
  for (let round = 0; round < 100; round += 1) {
    const text = changed(1 + random.below(4));
    const lines = text.split(/\r\n|[\r\n]/).length;
    for (const finding of await findingsOf(t, text)) {
      const [, line] = /^(\d+):[1-9]\d*: \S/.exec(finding) ?? [];
      if (!(Number(line) >= 1 && Number(line) <= lines)) t.fail(`${finding} in:\n${text}`);
    }
  }
});

function changed(count: number): string {
  const text = [...words];
  for (let change = 0; change < count; change += 1)
    text[random.below(text.length)] = random.pick(others) ?? '';
  return text.join('');
}

import t from 'tap';
import { peerTable, waitingText } from '../../../src/cli/top/peer-table.js';
import { widthOf } from '../../../src/cli/top/line.js';
import { madeUpPeer } from '../../helper/made-up-status.js';
import { lineText } from '../../helper/screen-text.js';

t.test('what waits is told by vector; of many the one with most, and the sum', async (t) => {
  const texts = [
    [0, 0],
    [0, 3, 0, 1],
    [...Array<number>(63).fill(0), 5],
    [...Array<number>(20).fill(1), 2 ** 53],
  ];
  t.strictSame(
    texts.map((waiting) => waitingText(madeUpPeer({ waiting }))),
    ['-', '0 3 0 1', '5 on 63', '9007.2T on 20, sum 9007.2T'],
  );
});

t.test('a peer that is stuck says so by a sign, a word and a colour', async (t) => {
  for (const [given, sign, word, style] of [
    [{ isBlocked: true, isBehind: true, unread: 9 }, '!', 'BLOCKED', 'bad'],
    [{ isBehind: true }, '!', 'BEHIND', 'warning'],
    [{ unread: 1, waiting: [1] }, '!', 'UNREAD', 'warning'],
    [{ waiting: [0, 1] }, '*', 'RINGS', 'rings'],
    [{}, ' ', 'ok', 'plain'],
  ] as const) {
    const peer = madeUpPeer({
      ...given,
      ...('waiting' in given && { waiting: [...given.waiting] }),
    });
    const line = peerTable([peer], 80).lineOf(peer);
    t.match(lineText(line), new RegExp(`^[${sign}] .* ${word} `));
    t.equal(line[0]?.style, style);
  }
});

t.test('on a narrow screen what tells the least about stuck peers is missing', async (t) => {
  const peer = madeUpPeer({ id: 12, vm: 'web', isBlocked: true, unread: 70, waiting: [0, 5] });
  const at = (columns: number): string[] => {
    const { heading, lineOf } = peerTable([peer], columns);
    return [lineText(heading).trimEnd(), lineText(lineOf(peer)).trimEnd()];
  };
  t.strictSame(at(80), [
    '  ID VM  PROCESS          PID USER    AGE UNREAD STATE   WAITING',
    '! 12 web qemu-system-x86 4711 root 10 min     70 BLOCKED 0 5',
  ]);
  t.strictSame(at(42), [
    '  ID VM  PROCESS         STATE   WAITING',
    '! 12 web qemu-system-x86 BLOCKED 0 5',
  ]);
  t.strictSame(at(1), ['…', '! 12 BLOCKED']);
});

t.test(
  'a name that would steer the terminal is shown in quotes, and no column moves',
  async (t) => {
    const bad = madeUpPeer({ id: 1, process: '\u001b[2J', vm: '\u202ebew', user: 'a\nb' });
    const wide = madeUpPeer({ id: 2, process: '日本日本日本日本日本', vm: 'e\u0301\u0302' });
    const { lineOf } = peerTable([bad, wide], 120);
    t.match(lineText(lineOf(bad)), /^ {3}1 "\\u\{202e\}be… "\\u\{1b\}\[2J" +4711 "a\\u\{a\}… /);
    t.match(lineText(lineOf(wide)), /^ {3}2 é\ufffd +日本日本日本日… /);
    t.equal(widthOf(lineText(lineOf(bad))), widthOf(lineText(lineOf(wide))));
  },
);

import t from 'tap';
import { isPrintable, printable, printableIn, quote } from '../../src/protocol/printable.js';

t.test('letters, signs and blanks are for printing', async (t) => {
  for (const text of ['', 'a b', 'ä💥', `'"$\\`, '\u00a0', '\ufffd']) {
    t.ok(isPrintable(text), text);
  }
  t.equal(quote('ä 💥'), '"ä 💥"');
});

t.test('what could move a cursor or end a line is not', async (t) => {
  const table = {
    '\0': '"\\u{0}"',
    'a\nb': '"a\\u{a}b"',
    '\x1b[2J': '"\\u{1b}[2J"',
    '\x7f': '"\\u{7f}"',
    '\x9b': '"\\u{9b}"',
    '\u202e': '"\\u{202e}"',
    '\u2028': '"\\u{2028}"',
    '\u{e0001}': '"\\u{e0001}"',
    '\ud800': '"\\u{d800}"',
  };
  for (const [text, quoted] of Object.entries(table)) {
    t.notOk(isPrintable(text), quoted);
    t.equal(quote(text), quoted);
  }
});

t.test('two texts that differ are quoted differently', async (t) => {
  t.equal(quote('\\u{a}'), '"\\\\u{a}"');
  t.equal(quote('"'), '"\\""');
});

t.test('what is for printing is shown as it is, anything else in quotes', async (t) => {
  t.equal(printable('a "b"'), 'a "b"');
  t.equal(printable('a\nb'), '"a\\u{a}b"');
});

t.test('in a value of JSON all text is shown so, and nothing else changes', async (t) => {
  const value = { 'a\n': ['b\n', { c: 'd\n' }], e: null, f: 1, g: true, h: undefined };
  const shown = { ...value, 'a\n': ['"b\\u{a}"', { c: '"d\\u{a}"' }] };
  t.strictSame(printableIn(value), shown);
  t.strictSame(printableIn(shown), shown, 'nor twice');
});

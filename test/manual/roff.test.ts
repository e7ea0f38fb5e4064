import { writeFileSync } from 'node:fs';
import t from 'tap';
import { bold, prose, sentence, verbatim } from '../../manual/roff.js';
import { run } from '../helper/command.js';
import { need } from '../helper/need.js';
import { temp } from '../helper/temp.js';

const odd = [
  '.so /etc/passwd is no request',
  "'tis no request either",
  'a\\b \\fB \\n(yr \\*x',
  `"quoted" 'so' ^~ a–b …`,
];

t.test(
  'whatever a text has in it, groff and mandoc print it as it is',
  need('man-tools'),
  async (t) => {
    const page = `${temp(t)}/page.1`;
    const items = odd.flatMap((text) => ['.PP', prose(text), '.PP', '.EX', verbatim(text), '.EE']);
    writeFileSync(page, ['.TH X 1 "" x "x"', '.nh', '.SH X', ...items, ''].join('\n'));
    for (const command of [
      ['groff', '-man', '-Tutf8', '-P-c', '-P-bou', page],
      ['mandoc', '-Tutf8', '-Owidth=80', page],
    ]) {
      const { stdout, stderr } = await run(t, command);
      t.equal(stderr, '');
      const lines = stdout
        .replaceAll(/.\u0008/g, '')
        .split('\n')
        .map((line) => line.trim());
      for (const text of odd)
        t.equal(lines.filter((line) => line === text).length, 2, `${command[0]}: ${text}`);
    }
  },
);

t.test('options, code and pages stand out by themselves', async (t) => {
  t.equal(
    prose('as --ready-fd, or -S, says'),
    'as \\fB\\-\\-ready\\-fd\\fR, or \\fB\\-S\\fR, says',
  );
  t.equal(prose('see ivshmem-peer(1)'), 'see \\fBivshmem\\-peer\\fR(1)');
  t.equal(prose('by `virsh edit`'), 'by \\fBvirsh edit\\fR');
  t.equal(prose('a read-only one, 4--5'), 'a read-only one, 4--5');
});

t.test('what is typed has hyphens that can be pasted', async (t) => {
  t.equal(bold('a --b'), '\\fBa \\-\\-b\\fR');
});

t.test('a long text is folded, and no line of it begins with a dot', async (t) => {
  const folded = prose(`${'word '.repeat(15)}it .x ${'word '.repeat(20)}`);
  for (const line of folded.split('\n')) t.ok(line.length <= 80 && !line.startsWith('.'), line);
  t.ok(folded.split('\n').length > 1);
  t.equal(prose('One. Two, e.g. three.'), 'One.\nTwo, e.g. three.');
});

t.test('a sentence has a beginning and one end', async (t) => {
  t.equal(sentence('show this'), 'Show this.');
  t.equal(sentence('Whom?'), 'Whom?');
  t.equal(sentence('systemd unit'), 'systemd unit.');
  t.equal(sentence('one. Two.'), 'One. Two.');
});

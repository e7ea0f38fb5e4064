// The window alone, in a terminal: a program that paints a number, which `u` makes greater.
import { statSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { need } from '../../helper/need.js';
import { temp, type Scope } from '../../helper/temp.js';
import { Tmux } from '../../helper/tmux.js';
import { until } from '../../helper/until.js';

const program = `
import { Window } from '${new URL('../../../src/cli/top/window.js', import.meta.url).href}';
let count = 0;
const paint = () => window.paint([
  [{ text: 'count ' + count, style: 'bad' }],
  ...Array.from({ length: 20 }, () => [{ text: 'x'.repeat(70), style: 'plain' }]),
]);
const window = new Window({
  onKey(key) {
    if (key === 'b') throw new Error('a bug');
    if (key === 'u') count += 1;
    paint();
  },
  onResize: paint,
});
paint();`;

async function openProgram(t: Scope, prefix = ''): Promise<Tmux> {
  const file = `${temp(t)}/program.mjs`;
  writeFileSync(file, program);
  const tmux = await Tmux.open(t);
  await tmux.type(`clear; ${prefix} ${process.execPath} ${file}; echo code $?`);
  await tmux.until('the number', (screen) => screen.startsWith('count 0'));
  return tmux;
}

t.test('what did not change is not written again', need('tmux'), async (t) => {
  const tmux = await openProgram(t);
  const file = `${temp(t)}/bytes`;
  await tmux.record(file);
  await tmux.press(...Array<string>(10).fill('a'), 'u');
  await tmux.until('the next number', (screen) => screen.startsWith('count 1'));
  const { size } = await until('the bytes', () => statSync(file).size > 0 && statSync(file));
  t.ok(size < 40, `${size} bytes for one digit`);
});

t.test('Ctrl-L paints all of it, whoever wrote over it', need('tmux'), async (t) => {
  const tmux = await openProgram(t);
  writeFileSync(await tmux.device(), '\u001b[5;5Hjunk');
  await tmux.until('the junk', (screen) => screen.includes('junk'));
  await tmux.press('C-l');
  await tmux.until('no junk', (screen) => screen.startsWith('count 0') && !screen.includes('junk'));
});

t.test('trouble is red, and only bold where no colour is wanted', need('tmux'), async (t) => {
  const red = '\u001b[31m';
  const coloured = await openProgram(t);
  t.match(await coloured.screen({ withColours: true }), red);
  const plain = await openProgram(t, 'NO_COLOR=1');
  const screen = await plain.screen({ withColours: true });
  t.notMatch(screen, red);
  t.match(screen, '\u001b[1mcount 0');
});

t.test('a bug is told on the terminal as it was', need('tmux'), async (t) => {
  const tmux = await openProgram(t);
  t.strictSame(await tmux.modes(), { isAlternate: true, hasCursor: false });
  await tmux.press('b');
  await tmux.until('its end', (screen) => /Error: a bug\n[^]*^code 1$/m.test(screen));
  t.strictSame(await tmux.modes(), { isAlternate: false, hasCursor: true });
});

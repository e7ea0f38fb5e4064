import t from 'tap';
import { getopt } from '../../src/cli/getopt.js';

const flags = { F: false, v: false, l: true, n: true };

for (const [given, expected] of [
  ['', []],
  ['-F', ['F']],
  ['-Fv', ['F', 'v']],
  ['-l 4M', ['l=4M']],
  ['-l4M', ['l=4M']],
  ['-l -4M', ['l=-4M']],
  ['-Fl4M', ['F', 'l=4M']],
  ['-Fl -v', ['F', 'l=-v']],
  ['-l -- -n 2', ['l=--', 'n=2']],
  ['-n 1 -n 2', ['n=1', 'n=2']],
  ['-F --', ['F']],
] as const) {
  t.test(`'${given}' is read as getopt does`, async (t) => {
    const argv = given.split(' ').filter(Boolean);
    const read = getopt(argv, flags).map(({ flag, value }) => flag + (value && `=${value}`));
    t.same(read, expected);
  });
}

t.test('an empty value is a value', async (t) => {
  t.same(getopt(['-l', ''], flags), [{ flag: 'l', value: '' }]);
});

for (const [given, message] of [
  ['-x', /-x/],
  ['-Fx', /-x/],
  ['-l', /-l: its value is missing/],
  ['-Fl', /-l: its value is missing/],
  ['word', /'word'/],
  ['-', /'-'/],
  ['--help', /'--help'/],
  ['-- word', /'--'/],
] as const) {
  t.test(`'${given}' is a wrong call`, async (t) => {
    t.throws(() => getopt(given.split(' '), flags), { name: 'UsageError', message });
  });
}

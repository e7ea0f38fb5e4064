// What makes a guest: where it refuses to, and that it leaves alone what is not its own.
import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { run } from '../helper/command.js';
import { guestSources } from '../helper/guest-image.js';
import { need } from '../helper/need.js';
import { temp } from '../helper/temp.js';

const build = `${guestSources}/boot/build`;

t.test('a folder that it did not make is left as it is', async (t) => {
  const directory = temp(t);
  mkdirSync(`${directory}/driver`);
  writeFileSync(`${directory}/driver/work`, 'of somebody');
  const { code, stderr } = await run(t, [build, directory]);
  t.equal(code, 2);
  t.match(stderr, 'was not made by this: give an empty folder, or a new one');
  t.same(readdirSync(`${directory}/driver`), ['work']);
});

t.test('blanks in the path are refused: the kernel cannot be built for with them', async (t) => {
  const directory = mkdtempSync(`${temp(t)}/a b`);
  const { code, stderr } = await run(t, [build, directory]);
  t.equal(code, 2);
  t.match(stderr, "the kernel's make cannot have them");
});

for (const words of [[], [''], ['a', 'b']]) {
  t.test(`called with [${words.join(', ')}] it says how`, async (t) => {
    const { code, stderr } = await run(t, [build, ...words]);
    t.same([code, stderr], [2, 'usage: build OUT\n']);
  });
}

t.test('without a package list it says what to do, in any language', need('make'), async (t) => {
  const directory = temp(t);
  writeFileSync(`${directory}/apt.conf`, `Dir::State::Lists "${directory}/lists";\n`);
  const env = { ...process.env, APT_CONFIG: `${directory}/apt.conf`, CDPATH: '/' };
  const { code, stderr } = await run(t, [build, `${directory}/out`], { env });
  t.equal(code, 1);
  t.match(stderr, 'apt knows no linux-image-cloud-amd64: apt-get update');
});

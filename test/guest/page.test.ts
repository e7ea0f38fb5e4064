// docs/guests.md from top to bottom, as a reader follows it who has a terminal for each guest.
//
// Rule 1: what is in a block of `sh` is run on this machine, what is in one of `sh guest A` is typed on
//   that guest's console; a command that fails fails the page.
// Rule 2: a call of QEMU is the next guest. What a guest waits for comes from the blocks behind.
// Rule 3: a block of `text` behind a guest's is what it prints, but for the numbers of interrupts.
import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { Guest, type GuestResult } from '../helper/guest.js';
import { guests, need } from '../helper/need.js';
import { Page } from '../helper/page.js';
import { until } from '../helper/until.js';

const text = readFileSync(
  fileURLToPath(new URL('../../../docs/guests.md', import.meta.url)),
  'utf8',
);
const blocks = [...text.matchAll(/^```(sh|text)(?: guest ([A-Z]))?\n(.*?)^```$/gms)].map(
  ([, kind, guest, content = '']) => ({ kind, guest, content }),
);
// Each guest's QEMU leaves its arguments here, for the test to start it.
const keepArguments =
  'for ((n = 0; ; n++)); do [[ -e $0.$n ]] || break; done; printf "%s\\0" "$@" >$0.$n';

t.test('every command does what the page says', need(...guests, 'openssl'), async (t) => {
  t.ok(blocks.filter(({ guest }) => guest !== undefined).length > 5);
  const page = new Page(t, { qemu: keepArguments, isOneRun: false });
  const booted = new Map<string, Guest>();
  const ends = new Map<string, Promise<void>>();
  for (const [index, { kind, guest: name, content }] of blocks.entries()) {
    if (kind === 'text') continue;
    if (name === undefined) {
      const { code, stderr } = await page.run(content);
      t.equal(code, 0, stderr);
      await bootNext(t, page, booted);
      continue;
    }
    const guest = booted.get(name);
    if (guest === undefined) throw new Error(`guest ${name} is not there yet`);
    const next = blocks[index + 1];
    const expected = next?.kind === 'text' ? next.content : '';
    await ends.get(name);
    ends.set(name, (await type(t, guest, content, expected)).end);
  }
  await Promise.all(ends.values());
  const module = readFileSync(`${page.directory}/guest/driver/ivshmem.ko`);
  t.match(module.toString('latin1').slice(-30), '~Module signature appended~\n');
  for (const guest of booted.values()) t.same(await guest.complaints(), []);
});

/** Starts the guest that the page has just called QEMU for, if it has. */
async function bootNext(t: Test, page: Page, booted: Map<string, Guest>): Promise<void> {
  const name = String.fromCharCode('A'.charCodeAt(0) + booted.size);
  const file = `${page.directory}/bin/qemu-system-x86_64.${booted.size}`;
  if (!existsSync(file)) return;
  const argv = readFileSync(file, 'utf8').split('\0').slice(0, -1);
  booted.set(name, await Guest.start(t, name, argv));
}

/** Types a block; resolves when it waits for others or has ended, with the promise of its end. */
async function type(
  t: Test,
  guest: Guest,
  commands: string,
  expected: string,
): Promise<{ readonly end: Promise<void> }> {
  const before = guest.console.length;
  let result: GuestResult | undefined;
  const end = guest.run(commands.trimEnd().replaceAll('\n', ' && ')).then((ended) => {
    result = ended;
    t.equal(ended.code, 0, commands);
    t.equal(withoutCounts(ended.output), withoutCounts(expected), commands);
  });
  const waits = (): boolean =>
    /^peer \d+ (answers|waits for interrupts)\r?$/m.test(guest.console.slice(before));
  await until('the block ends or waits', () => result !== undefined || waits(), 120_000);
  return { end };
}

// How many interrupts a message needed depends on who was faster: the page has the usual number.
function withoutCounts(text: string): string {
  return text.replaceAll(/(?<=^interrupts per vector:.*)\d+/gm, 'N').trimEnd();
}

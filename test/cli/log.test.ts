// The log's form: for a person at a terminal, for a program at a pipe, as it was asked for.
import { readFileSync, statSync } from 'node:fs';
import t, { type Test } from 'tap';
import { Child } from '../helper/child.js';
import { ivshmem, run } from '../helper/command.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';

const coloured = /^\d\d:\d\d:\d\d \x1b\[31merror\x1b\[0m ENOENT: .*\r\n$/;
const plain = /^\d\d:\d\d:\d\d error ENOENT: [^\x1b]*\n$/;
const json = /^\{"level":"error",[^\x1b]*\}\r?\n$/;

for (const [fact, where, env, format, expected] of [
  ['a terminal gets text with colour', 'terminal', {}, [], coloured],
  ['a terminal gets no colour under NO_COLOR', 'terminal', { NO_COLOR: '1' }, [], plain],
  ['an empty NO_COLOR is none', 'terminal', { NO_COLOR: '' }, [], coloured],
  ['a terminal gets the JSON that was asked for', 'terminal', {}, ['json'], json],
  ['a terminal gets the text that was asked for', 'terminal', {}, ['text'], coloured],
  ['a pipe gets JSON', 'pipe', {}, [], json],
  ['a pipe gets the JSON that was asked for', 'pipe', {}, ['json'], json],
  ['a pipe gets the text that was asked for, without colour', 'pipe', {}, ['text'], plain],
] as const) {
  t.test(fact, async (t) => {
    const formats = format.flatMap((name) => ['--log-format', name]);
    const argv = [...ivshmem, 'serve', '--socket', `${temp(t)}/missing/s`, ...formats];
    const isTerminal = where === 'terminal';
    const { code, stdout, stderr } = await run(t, isTerminal ? onTerminal(argv) : argv, {
      env: { PATH: process.env['PATH'], SHELL: '/bin/sh', ...env },
    });
    t.equal(code, 1);
    t.match(isTerminal ? stdout : stderr, expected);
  });
}

t.test('at a terminal, Ctrl-C ends the server', async (t) => {
  const argv = [...ivshmem, 'serve', '--socket', `${temp(t)}/s`];
  const child = new Child(t, onTerminal(argv), { env: { ...process.env, SHELL: '/bin/sh' } });
  let shown = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (shown += text));
  await until('the banner is there', () => shown.includes('Ctrl-C'));
  t.match(shown, /^\d\d:\d\d:\d\d info listening on /m);
  child.stdin.write('\x03');
  t.equal((await child.exit).code, 0);
  t.match(shown, /info SIGINT: .*\r\n.* info ended; /);
});

for (const [title, redirection] of [
  ['a file', '>log 2>&1'],
  ['a file that goes on', '>>log 2>&1'],
] as const) {
  t.test(`what goes to ${title} is whole, be it banner or log`, async (t) => {
    const { directory, end } = await redirected(t, redirection);
    await end();
    const lines = readFileSync(`${directory}/log`, 'utf8').split('\n');
    const events = lines
      .filter((line) => line.startsWith('{'))
      .map((line) => JSON.parse(line) as unknown);
    t.match(events, [{ event: 'listening' }, { event: 'stop' }, { event: 'end' }]);
    t.match(lines.join('\n'), /^ivshmem serves a region.*Ctrl-C: [^\n]*$/ms);
  });
}

for (const [title, redirection] of [
  ['that are full disks', '>/dev/full 2>&1'],
  ['that are closed', '>&- 2>&-'],
  ['that are closed, and the input', '<&- >&- 2>&-'],
] as const) {
  t.test(`with streams ${title} the server goes on`, async (t) => {
    const { directory, end } = await redirected(t, redirection);
    t.ok(statSync(`${directory}/s`).isSocket());
    t.ok(statSync('/dev/full').isCharacterDevice());
    await end();
  });
}

/** A server whose streams a shell has redirected, in a directory of its own. */
async function redirected(t: Test, redirection: string) {
  const directory = temp(t);
  const script = `cd "$0" && exec "$@" ${redirection}`;
  const args = ['serve', '--socket', 's', '--ready-fd', '3'];
  const argv = ['sh', '-c', script, directory, ...ivshmem, ...args];
  const child = new Child(t, argv, { ready: true });
  let ready = '';
  child.ready.on('data', (text: Buffer) => (ready += text.toString()));
  await until('the server is ready', () => ready === 'ready\n');
  const end = async (): Promise<void> => {
    child.kill('SIGTERM');
    t.match(await child.exit, { code: 0, stderr: '' });
  };
  return { directory, end };
}

/** Runs a command on a terminal of its own; what is shown there goes to standard output. */
function onTerminal(argv: readonly string[]): string[] {
  const quoted = argv.map((word) => `'${word.replaceAll("'", "'\\''")}'`).join(' ');
  return ['script', '--quiet', '--return', '--command', `exec ${quoted}`, '/dev/null'];
}

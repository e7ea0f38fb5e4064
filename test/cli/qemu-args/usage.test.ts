// `ivshmem qemu-args` called wrongly: exit code 2, one line of what is wrong and one of where help is;
// and a server that gives no answer: exit code 1. There is no region.
import { chmodSync } from 'node:fs';
import t from 'tap';
import { bindSocket, createUnixSocket, listenSocket } from '../../../native/unix-socket.js';
import { forEach } from '../../helper/command.js';
import { need } from '../../helper/need.js';
import { runQemuArgs } from '../../helper/qemu-args.js';
import { ScriptServer } from '../../helper/script-server.js';
import { temp } from '../../helper/temp.js';
import { unprivileged } from '../../native/other-user.js';

const calls: readonly (readonly [words: string, expected: RegExp])[] = [
  ['--json --libvirt', /--json and --libvirt: choose one$/],
  ['--plain --vectors 1', /--vectors: a plain device has none: /],
  ['--vectors 0', /--vectors: 0 is not in 1–2048$/],
  ['--vectors x', /--vectors: 'x' is not an integer in 1–2048$/],
  [
    '--addr 20',
    /--addr: "20" is no place for a device on a PCI bus; allowed: slot 1–1f .* as in 5 or 1f\.7$/,
  ],
  ['--addr 0', /--addr: "0" is no place .*; allowed: slot 1–1f \(0 is the host bridge\) /],
  ['--addr 0x00.7', /--addr: "0x00\.7" is no place/],
  ['--addr 00:05.0', /--addr: "00:05\.0" is no place/],
  ['--id 1st', /--id: "1st" is no identifier for QEMU; allowed: a letter, then .* -, \. and _$/],
  ['--id a,b', /--id: "a,b" is no identifier/],
  ['--id ä', /--id: "ä" is no identifier/],
  ['--id a.b --libvirt', /--id: "a\.b" is no identifier for libvirt; allowed: .*digits, - and _$/],
  ['--reconnect 1', /unknown argument/],
  ['--libvrt', /unknown argument: libvrt; did you mean --libvirt\?$/],
  ['--adr 5', /unknown argument: adr; did you mean --addr\?$/],
  ['plain', /unknown argument: plain$/],
];

t.test('what was typed is shown on one line, and moves no cursor', async (t) => {
  for (const option of ['--id', '--addr']) {
    const { code, stderr } = await runQemuArgs(t, option, 'a\nb\x1b[31m"\u202e');
    t.equal(code, 2);
    t.match(stderr, `ivshmem qemu-args: ${option}: "a\\u{a}b\\u{1b}[31m\\"\\u{202e}" is no `);
    t.equal(stderr.split('\n').length, 3);
  }
});

t.test('a wrong call is named with what is allowed', async (t) => {
  const socket = `${temp(t)}/s`;
  await forEach(calls, async ([words, expected]) => {
    const { code, stdout, stderr } = await runQemuArgs(t, ...words.split(' '), '--socket', socket);
    const [line = '', ...rest] = stderr.split('\n');
    t.equal(code, 2, words);
    t.match(line, /^ivshmem qemu-args: /, words);
    t.match(line, expected, words);
    t.same(rest, ['See: ivshmem qemu-args --help', ''], words);
    t.equal(stdout, '', words);
  });
});

t.test('who gives no answer is told with what to do', async (t) => {
  const cases = [
    ['f3ffffffffffffff', /the server refused: -13 EACCES, no rule of access lets it in;/],
    ['0000000000000000', /expected what the region is, .*; an older ivshmem, or something else/],
    ['', /closed without an answer; it may have ended, or serve something else/],
  ] as const;
  for (const [sent, expected] of cases) {
    const server = new ScriptServer(t);
    const running = runQemuArgs(t, '--host-socket', server.socket);
    (await server.serve(sent === '' ? [] : [[sent]])).close();
    const { code, stdout, stderr } = await running;
    t.equal(code, 1);
    t.equal(stdout, '');
    t.match(stderr, expected);
    t.equal(stderr.split('\n').length, 2, 'one line');
  }
});

t.test('a stranger where everybody may serve is told, with what to do', need('root'), async (t) => {
  const directory = temp(t);
  const socket = `${directory}/s.host`;
  using listener = createUnixSocket();
  bindSocket(listener, socket);
  unprivileged(() => {
    listenSocket(listener, 8);
  });
  chmodSync(directory, 0o1777);
  const { code, stdout, stderr } = await runQemuArgs(t, '--socket', `${directory}/s`);
  t.same({ code, stdout }, { code: 1, stdout: '' });
  t.match(stderr, /^ivshmem qemu-args: user 65534 serves on .* into .*; ask as that user if .*\n$/);
});

t.test('help has examples, and says what never to do', async (t) => {
  const { code, stdout, stderr } = await runQemuArgs(t, '--help');
  t.same({ code, stderr }, { code: 0, stderr: '' });
  t.match(stdout, /--plain.*--json.*--libvirt.*--addr.*--id.*--master.*Examples:.*qemu-args/s);
  t.match(stdout, 'Never add reconnect=');
});

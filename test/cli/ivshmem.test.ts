// `ivshmem` called wrongly: exit code 2, one line that names the flag and what is allowed, one on
// where help is. Nothing is made.
import { readdirSync } from 'node:fs';
import t from 'tap';
import { forEach, ivshmem, run } from '../helper/command.js';
import { temp } from '../helper/temp.js';

const range = '1–2048';
const modes = '0–0777';
const memories = /a region has one memory/;
const notForWriting = /is not an open descriptor for writing; allowed: .*--ready-fd 3 3>ready$/;

const calls: readonly (readonly [flag: string, values: readonly string[], expected: RegExp])[] = [
  ['--socket', [''], /--socket: a path of 1–107 bytes .* is needed$/],
  ['--host-socket', [''], /--host-socket: a path of 1–107 bytes .* is needed$/],
  ['--size', ['3M'], /--size: 3M .* nearest: 2M and 4M$/],
  ['--size', ['0'], /--size: 0 .* nearest: \d+K$/],
  ['--size', ['-4M'], /--size: -4M .* nearest: \d+K$/],
  ['--size', ['4X'], /--size: '4X' .* nearest: 4M$/],
  ['--size', ['4MB'], /--size: '4MB' .* nearest: 4M$/],
  ['--size', ['1.5G'], /--size: 1536M .* nearest: 1G and 2G$/],
  ['--size', [''], /--size: '' .* nearest: 4M$/],
  ['--size', ['8192T'], /--size: 8192T .* nearest: 4096T$/],
  ['--size', ['1M', '--hugepages', '2M'], /--size: 1M .* nearest: 2M$/],
  ['--vectors', ['0'], new RegExp(`--vectors: 0 is not in ${range}$`)],
  ['--vectors', ['4096'], new RegExp(`--vectors: 4096 is not in ${range}$`)],
  ['--vectors', ['x'], new RegExp(`--vectors: 'x' .* ${range}$`)],
  ['--max-peers', ['65537'], /--max-peers: 65537 is not in 1–65536$/],
  ['--socket-mode', ['888'], new RegExp(`--socket-mode: '888' .*${modes}`)],
  ['--socket-mode', ['1777'], new RegExp(`--socket-mode: 01777 .*${modes}`)],
  ['--mem-mode', ['rw'], new RegExp(`--mem-mode: 'rw' .*${modes}`)],
  ['--socket-group', ['no-such-group'], /--socket-group: there is no group 'no-such-group'; /],
  ['--mem-group', ['no-such-group', '--mem-path', '.'], /--mem-group: there is no group /],
  ['--shm-name', ['a/b'], /--shm-name: 'a\/b' is no name: /],
  ['--shm-name', ['a', '--mem-path', 'b'], memories],
  ['--shm-name', ['a', '--hugepages', '2M'], memories],
  ['--mem-path', [''], /--mem-path: the path is empty$/],
  ['--label', [''], /--label: this is no label: it has 0 bytes of UTF-8, not 1–63$/],
  ['--label', ['x'.repeat(64)], /--label: this is no label: it has 64 bytes of UTF-8, not 1–63$/],
  ['--label', ['a\nb'], /--label: this is no label: it has U\+000A, which is not for printing$/],
  ['--label', ['\u001b[2J'], /--label: .* it has U\+001B, which is not for printing$/],
  ['--label', ['\u202elab'], /--label: .* it has U\+202E, which is not for printing$/],
  ['--label', [], /label/],
  ['--hugepages', ['3M'], /hugepages.*3M.*2M.*1G/],
  ['--ready-fd', ['99'], notForWriting],
  ['--ready-fd', ['0'], notForWriting],
  ['--ready-fd', ['3'], notForWriting],
  ['--ready-fd', ['x'], /--ready-fd: 'x' is not an integer/],
  ['--log-level', ['loud'], /log-level.*loud.*error.*warn.*info/],
  ['--log-format', ['xml'], /log-format.*xml.*json.*text/],
  ['--pid-file', [], /pid-file/],
  ['--vectos', ['1'], /unknown argument: vectos; did you mean --vectors\?$/],
  ['--max-peer', ['1'], /unknown argument: max-peer; did you mean --max-peers\?$/],
  ['--no-pid-file', [], /unknown argument: no-pid-file$/],
  ['--size.x', ['4M'], /unknown argument: size\.x$/],
  ['serve', [], /unknown argument: serve$/],
];

t.test('a wrong value of `ivshmem serve` is named with what is allowed', async (t) => {
  const directory = temp(t);
  await forEach(calls.entries(), async ([n, [flag, values, expected]]) => {
    const title = `${flag} ${values.join(' ')}`;
    // Its standard input is for reading only, as that of most programs: no descriptor to report on.
    const inDirectory = ['sh', '-c', 'cd "$0" && exec "$@" </dev/null', directory];
    const argv = [...inDirectory, ...ivshmem, 'serve', '--socket', `s${n}`, flag, ...values];
    const { code, stdout, stderr } = await run(t, argv);
    const [line = '', ...rest] = stderr.split('\n');
    t.equal(code, 2, title);
    t.match(line, /^ivshmem serve: /, title);
    t.match(line, expected, title);
    t.same(rest, ['See: ivshmem serve --help', ''], title);
    t.equal(stdout, '', title);
  });
  t.same(readdirSync(directory), [], 'nothing is left behind');
});

t.test('a wrong command is named with what may have been meant', async (t) => {
  const commands: readonly (readonly [args: readonly string[], expected: string])[] = [
    [[], 'a command is missing'],
    [['--socket', 's'], 'a command is missing'],
    [['serv'], 'unknown argument: serv; did you mean serve?'],
    [['constructor'], 'unknown argument: constructor'],
  ];
  await forEach(commands, async ([args, expected]) => {
    const { code, stderr } = await run(t, [...ivshmem, ...args]);
    t.equal(code, 2);
    t.equal(stderr, `ivshmem: ${expected}\nSee: ivshmem --help\n`);
  });
});

t.test("npx finds the command in the project's folder", async (t) => {
  // What an npm that runs these tests has set is not for this one.
  const own = Object.entries(process.env).filter(([name]) => !/^npm_/i.test(name));
  const argv = ['npx', '--no-install', 'ivshmem', '--version'];
  const { code, stdout, stderr } = await run(t, argv, { env: Object.fromEntries(own) });
  t.equal(code, 0, stderr);
  t.match(stdout, /^\d+\.\d+\.\d+\n$/);
});

t.test('help and version go to standard output', async (t) => {
  const asked: readonly (readonly [args: readonly string[], expected: RegExp])[] = [
    [['--help'], /ivshmem serve/],
    [['--version'], /^\d+\.\d+\.\d+\n$/],
    [['serve', '-h'], /--socket-mode.*--size.*--vectors.*--hugepages.*--ready-fd.*--log-format/s],
  ];
  await forEach(asked, async ([args, expected]) => {
    const { code, stdout, stderr } = await run(t, [...ivshmem, ...args]);
    t.same({ code, stderr }, { code: 0, stderr: '' });
    t.match(stdout, expected);
  });
});

t.test('with too few descriptors to be loaded it says so, in a line', async (t) => {
  const { code, stderr } = await run(t, [...ivshmem, 'doctor'], { fdLimit: 30 });
  // From Node 22 on files are loaded one after the other, and these are enough.
  if (Number(process.versions.node.split('.')[0]) >= 22)
    t.same({ code, stderr }, { code: 0, stderr: '' });
  else t.match({ code, stderr }, { code: 1, stderr: /^ivshmem: EMFILE: .*; raise ulimit -n\n$/ });
});

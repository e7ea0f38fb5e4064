// `ivshmem peer` called wrongly: exit code 2, one line that names what is wrong and what is allowed,
// one on where help is. Nobody joins: there is no region.
import t from 'tap';
import { forEach, ivshmem, run } from '../../helper/command.js';
import { runPeer } from '../../helper/peer-command.js';
import { temp } from '../../helper/temp.js';

const calls: readonly (readonly [words: string, expected: RegExp])[] = [
  ['ring', /PEER is missing$/],
  ['ring 1', /VECTOR is missing$/],
  ['ring x 0', /PEER: 'x' is not an integer in 0–65535$/],
  ['ring -1 0', /PEER: -1 is not in 0–65535$/],
  ['ring 65536 0', /PEER: 65536 is not in 0–65535$/],
  ['ring 1 2048', /VECTOR: 2048 is not in 0–2047$/],
  ['ring 1 0 0', /unknown argument: 0$/],
  ['ring 1 0 -- 0', /unknown argument: 0$/],
  ['ring 1 0 --sockt s', /unknown argument: sockt; did you mean --socket\?$/],
  ['ring 1 0 --json', /unknown argument: json$/],
  ['wait every', /VECTOR: 'every' is not an integer in 0–2047$/],
  ['wait 0 --timeout -1', /--timeout: '-1' is no time; allowed: seconds, as in 5 or 0\.25$/],
  ['wait 0 --timeout 1s', /--timeout: '1s' is no time; /],
  ['watch --count 0', /--count: 0 is not in 1–/],
  ['watch 1', /unknown argument: 1$/],
  ['read 0', /LENGTH is missing$/],
  ['read 0 4X', /LENGTH: '4X' is no number of bytes; allowed: .*4096, 0x1000 or 4K/],
  ['read -1 1', /OFFSET: '-1' is no number of bytes; /],
  ['read 0.3 1', /OFFSET: '0\.3' is no number of bytes; /],
  ['read 0 1 --raw --json', /--raw and --json: choose one$/],
  ['read 0 1 --jsn', /unknown argument: jsn; did you mean --json\?$/],
  ['write', /OFFSET is missing$/],
  ['write x y', /OFFSET: 'x' is no number of bytes; /],
  ['ping x', /PEER: 'x' is not an integer in 0–65535$/],
  ['ping 1 --count 0', /--count: 0 is not in 1–10000000$/],
  ['ping 1 --vector x', /--vector: 'x' is not an integer in 0–2047$/],
  ['ping 1 --timeout soon', /--timeout: 'soon' is no time; /],
  ['echo 1', /unknown argument: 1$/],
];

t.test('a wrong call of a command is named with what is allowed', async (t) => {
  const socket = `${temp(t)}/s`;
  await forEach(calls, async ([words, expected]) => {
    const [name = '', ...more] = words.split(' ');
    const { code, stdout, stderr } = await runPeer(t, socket, name, ...more);
    const [line = '', ...rest] = stderr.split('\n');
    t.equal(code, 2, words);
    t.match(line, new RegExp(`^ivshmem peer ${name}: `), words);
    t.match(line, expected, words);
    t.same(rest, [`See: ivshmem peer ${name} --help`, ''], words);
    t.equal(stdout, '', words);
  });
});

t.test('an empty path is no socket, of no command', async (t) => {
  await forEach(
    [['read', '0', '1'], ['echo'], ['echo', '--as-vm']],
    async ([name = '', ...more]) => {
      const { code, stderr } = await runPeer(t, '', name, ...more);
      t.equal(code, 2);
      const expected = `--socket: an empty path is no socket; allowed: 1–107 bytes\nSee: `;
      t.match(stderr, `ivshmem peer ${name}: ${expected}`);
    },
  );
});

t.test('a wrong command is named with what may have been meant', async (t) => {
  const commands: readonly (readonly [words: readonly string[], expected: string])[] = [
    [[], 'a command is missing'],
    [['rng', '1', '0'], 'unknown arguments: rng, 1, 0; did you mean ring?'],
    [['wach'], 'unknown argument: wach; did you mean watch?'],
    [['wathc'], 'unknown argument: wathc; did you mean watch?'],
    [['wiat', '0'], 'unknown arguments: wiat, 0; did you mean wait?'],
    [['peer'], 'unknown argument: peer'],
  ];
  await forEach(commands, async ([words, expected]) => {
    const { code, stderr } = await run(t, [...ivshmem, 'peer', ...words]);
    t.equal(code, 2);
    t.equal(stderr, `ivshmem peer: ${expected}\nSee: ivshmem peer --help\n`);
  });
});

t.test('each command has help, with an example', async (t) => {
  const names = ['ring', 'wait', 'watch', 'read', 'write', 'ping', 'echo'];
  const { stdout } = await run(t, [...ivshmem, 'peer', '--help']);
  for (const name of names) t.match(stdout, `ivshmem peer ${name}`);
  await forEach(names, async (name) => {
    const { code, stdout, stderr } = await run(t, [...ivshmem, 'peer', name, '--help']);
    t.same({ code, stderr }, { code: 0, stderr: '' });
    t.match(stdout, new RegExp(`Examples:\n  ivshmem peer ${name}`));
    t.match(stdout, '--socket');
  });
});

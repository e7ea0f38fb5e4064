// What is written by a command is read from the server's memory, by its path.
import { closeSync, openSync, readFileSync, readSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { run } from '../../helper/command.js';
import { peerArgv, runPeer } from '../../helper/peer-command.js';
import { Region } from '../../helper/region.js';
import { temp } from '../../helper/temp.js';

function read(region: Region, offset: number, length: number): string {
  const rawFd = openSync(region.server.memory.path, 'r');
  const bytes = Buffer.alloc(length);
  readSync(rawFd, bytes, 0, length, offset);
  closeSync(rawFd);
  return bytes.toString('latin1');
}

/** What runs a command with this file as its standard input. */
function from(file: string): string[] {
  return ['sh', '-c', 'exec "$@" <"$0"', file];
}

t.test('an argument is written, and nothing else', async (t) => {
  const region = await Region.listen(t, {});
  t.match(await runPeer(t, region.socket, 'write', '0x10', 'hello'), {
    code: 0,
    stdout: '5 bytes written at 16\n',
    stderr: '',
  });
  t.equal(read(region, 15, 7), '\0hello\0');
  t.match(await runPeer(t, region.socket, 'write', '16', 'j', '--json'), {
    stdout: '{"offset":16,"length":1}\n',
  });
  t.match(await runPeer(t, region.socket, 'write', '18', '--', '-y'), {
    stdout: '2 bytes written at 18\n',
  });
  t.equal(read(region, 15, 7), '\0je-yo\0');
  t.match(await runPeer(t, region.socket, 'write', '16', ''), {
    stdout: '0 bytes written at 16\n',
  });
});

t.test('standard input is written as it is, to the last byte of the memory', async (t) => {
  const region = await Region.listen(t, { size: 2 ** 25 });
  const file = `${temp(t)}/input`;
  const input = Buffer.alloc(2 ** 25 - 3, Buffer.from('fffe0d0a00c3', 'hex'));
  writeFileSync(file, input);
  const { code, stdout } = await run(t, [...from(file), ...peerArgv(region.socket, 'write', '3')]);
  t.same({ code, stdout }, { code: 0, stdout: '33554429 bytes written at 3\n' });
  const memory = readFileSync(region.server.memory.path);
  t.ok(memory.subarray(3).equals(input));
  t.same([...memory.subarray(0, 3)], [0, 0, 0]);
});

t.test('what does not fit leaves every byte as it was', async (t) => {
  const region = await Region.listen(t, {});
  const file = `${temp(t)}/input`;
  writeFileSync(file, Buffer.alloc(2 ** 20 + 1, 7));
  for (const [argv, what] of [
    [[...from(file), ...peerArgv(region.socket, 'write', '3M')], '3145728 \\+ \\d+'],
    [[...from('/dev/zero'), ...peerArgv(region.socket, 'write', '1M')], '1048576 \\+ \\d+'],
    [peerArgv(region.socket, 'write', '0x3ffffe', 'abc'), '4194302 \\+ 3'],
    [peerArgv(region.socket, 'write', '4M', 'a'), '4194304 \\+ 1'],
    [peerArgv(region.socket, 'write', '5M'), '5242880'],
  ] as const) {
    const { code, stdout, stderr } = await run(t, argv);
    t.same({ code, stdout }, { code: 2, stdout: '' });
    t.match(stderr, new RegExp(`^ivshmem peer write: OFFSET: ${what} is beyond the end: `));
  }
  t.ok(readFileSync(region.server.memory.path).every((byte) => byte === 0));
});

t.test('input that cannot be read is told', async (t) => {
  const region = await Region.listen(t, {});
  const { code, stderr } = await run(t, [
    ...from(temp(t)),
    ...peerArgv(region.socket, 'write', '0'),
  ]);
  t.equal(code, 1);
  t.match(stderr, /^ivshmem peer write: EISDIR: .*\n$/);
});

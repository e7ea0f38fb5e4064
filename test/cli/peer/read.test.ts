// The memory is written through the library, in this process; who reads it is a command.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { Peer } from '../../../src/index.js';
import { run } from '../../helper/command.js';
import { peerArgv, runPeer } from '../../helper/peer-command.js';
import { Region } from '../../helper/region.js';
import { temp, type Scope } from '../../helper/temp.js';

async function regionWith(t: Scope, text: string, offset: number, size = 2 ** 22): Promise<string> {
  const { socket } = await Region.listen(t, { size });
  await using peer = await Peer.connect({ socket });
  using part = peer.map({ offset, length: text.length });
  new Uint8Array(part.buffer).set(Buffer.from(text));
  return socket;
}

t.test('bytes are read as a dump, as hex and as they are', async (t) => {
  const socket = await regionWith(t, 'hello', 20);
  const dump = await runPeer(t, socket, 'read', '0x14', '5');
  t.match(dump, { code: 0, stderr: '' });
  t.equal(
    dump.stdout,
    '00000014  68 65 6c 6c 6f                                    |hello|\n00000019\n',
  );
  const hex = await runPeer(t, socket, 'read', '20', '5', '--json');
  t.equal(hex.stdout, '{"offset":20,"length":5,"hex":"68656c6c6f"}\n');
  const raw = await runPeer(t, socket, 'read', '20', '5', '--raw');
  t.equal(raw.stdout, 'hello');
  t.match(await runPeer(t, socket, 'read', '20', '0'), { code: 0, stdout: '', stderr: '' });
});

t.test('all of a memory can be read, its last byte too', async (t) => {
  const size = 2 ** 25;
  const socket = await regionWith(t, 'end', size - 3, size);
  const file = `${temp(t)}/all`;
  const toFile = ['sh', '-c', 'exec "$@" >"$0"', file];
  t.match(await run(t, [...toFile, ...peerArgv(socket, 'read', '0', '32M', '--raw')]), { code: 0 });
  const bytes = readFileSync(file);
  t.equal(bytes.length, size);
  t.equal(bytes.subarray(-4).toString('latin1'), '\0end');
});

t.test('what is not in the memory is not read', async (t) => {
  const socket = await regionWith(t, 'x', 0);
  for (const [offset, length, what] of [
    ['4M', '1', '4194304 \\+ 1'],
    ['0', '4194305', '0 \\+ 4194305'],
    ['8000T', '8000T', '\\d+ \\+ \\d+'],
    ['5M', '0', '5242880'],
  ] as const) {
    const { code, stdout, stderr } = await runPeer(t, socket, 'read', offset, length);
    t.same({ code, stdout }, { code: 2, stdout: '' });
    const expected = `read: OFFSET: ${what} is beyond the end: the memory has 4194304 bytes \\(4M\\)\n`;
    t.match(stderr, new RegExp(expected));
  }
});

t.test('a reader who has enough ends it, without a word', async (t) => {
  const socket = await regionWith(t, 'hello', 0, 2 ** 25);
  for (const flags of [[], ['--raw'], ['--json']]) {
    const script = 'set -o pipefail; "$@" | head -c 5 >/dev/null';
    const argv = ['bash', '-c', script, 'bash', ...peerArgv(socket, 'read', '0', '32M', ...flags)];
    t.match(await run(t, argv), { code: 0, stderr: '' });
  }
});

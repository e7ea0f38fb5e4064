// `ivshmem-client` on a terminal: script(1) of util-linux makes one, and writes what it shows.
import t, { type Test } from 'tap';
import { Client } from '../../helper/client.js';
import { Region } from '../../helper/region.js';
import { SocketPeer } from '../../helper/socket-peer.js';

const CTRL_C = '\u0003';
const CTRL_D = '\u0004';
const ENTER = '\r';
const UP = '\u001b[A';
// What readline writes to show its line again.
const prompt = /\[0Jivshmem> /;

async function sit(t: Test): Promise<{ client: Client; region: Region }> {
  const region = await Region.listen(t, { vectors: 2 });
  const client = Client.onTerminal(t, ['-S', region.socket]);
  await client.says(/joined as peer 0, .*\r\nhelp lists the commands\r\n/);
  await client.says(prompt);
  return { client, region };
}

t.test('a person is asked, answered and asked again', async (t) => {
  const { client } = await sit(t);
  client.key(`int 0 1${ENTER}`);
  await client.says(/rang peer 0, vector 1\r\n/);
  await client.says(prompt);
  client.key(`imt${ENTER}`);
  await client.says(/\nunknown command 'imt'; did you mean int\?\r\n/);
  client.key(`quit${ENTER}`);
  t.match(await client.child.exit, { code: 0 }, 'mistakes do not count');
});

t.test('what happens while a line is typed leaves the line as it was', async (t) => {
  const { client, region } = await sit(t);
  client.key('du');
  await client.says(/du/);
  const peer = await SocketPeer.join(t, region.socket, { vectors: 2 });
  await client.says(/\[0Jpeer 1 joined, vectors 0–1\r\n.*\[0Jivshmem> du/);
  await peer.ring(0, 0);
  await client.says(/\[0Jinterrupt on vector 0\r\n.*\[0Jivshmem> du/);
  client.key(`mp${ENTER}`);
  await client.says(/own ID 0, .*\r\nmemory .*\r\npeer 1, vectors 0–1\r\n/);
  client.key(CTRL_D);
  t.match(await client.child.exit, { code: 0 });
});

t.test('a line of several rows is cleared whole', async (t) => {
  const { client, region } = await sit(t);
  client.key('x'.repeat(200));
  await client.says(/(x[^x]*){200}/);
  await SocketPeer.join(t, region.socket, { vectors: 2 });
  await client.says(/\[2A\S*\[0Jpeer 1 joined/);
  client.key(CTRL_C);
  t.match(await client.child.exit, { code: 0 });
});

t.test('earlier lines come back', async (t) => {
  const { client } = await sit(t);
  client.key(`dump${ENTER}`);
  await client.says(prompt);
  client.key(UP);
  await client.says(/ivshmem> dump/);
  client.key(ENTER);
  await client.says(/own ID 0/);
  client.key(CTRL_D);
  t.match(await client.child.exit, { code: 0 });
  t.match(client.said, /\r\n$/, 'the next prompt of the shell has its own line');
});

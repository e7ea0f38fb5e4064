// The programs in examples/, run as a reader would run them.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { Child } from '../helper/child.js';
import { need } from '../helper/need.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';

const sources = new URL('../../../examples/', import.meta.url);

t.test('an example is short, and run by a test of this file', async (t) => {
  const tests = readFileSync(new URL('../test/examples/examples.test.ts', sources), 'utf8');
  for (const name of readdirSync(sources)) {
    t.ok(readFileSync(new URL(name, sources), 'utf8').split('\n').length <= 41, name);
    t.match(tests, `example('${name.replace(/\.ts$/, '')}')`, name);
  }
});

t.test('server: says who comes and goes', async (t) => {
  const socket = `${temp(t)}/s`;
  const child = new Child(t, [process.execPath, example('server'), socket]);
  const said = keep(child);
  await until('it serves', () => said().includes('-device ivshmem-doorbell'));
  const peer = await SocketPeer.join(t, socket, { vectors: 2 });
  await until('it says so', () => said().includes(`peer 0 joined: process ${process.pid}\n`));
  peer.leave();
  await until('it says so', () => said().includes('peer 0 left: closed\n'));
  child.kill('SIGTERM');
  t.match(await child.exit, { code: 0, stderr: '' });
});

t.test('two-vms: both join', need('qemu'), async (t) => {
  const child = new Child(t, [process.execPath, example('two-vms')]);
  const said = keep(child);
  t.match(await child.exit, { code: 0 });
  t.match(said(), /^VM [12] is peer 0\nVM [12] is peer 1\n$/);
});

function example(name: string): string {
  return fileURLToPath(new URL(`../dist/examples/${name}.js`, sources));
}

function keep(child: Child): () => string {
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => (text += more));
  return () => text;
}

// The programs in examples/, run as a reader would run them.
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { Child } from '../helper/child.js';
import { run } from '../helper/command.js';
import { Device } from '../helper/device.js';
import { need } from '../helper/need.js';
import { Region } from '../helper/region.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';

const sources = new URL('../../../examples/', import.meta.url);

t.test('an example is short, and run by a test of this file', async (t) => {
  const tests = readFileSync(new URL('../test/examples/examples.test.ts', sources), 'utf8');
  for (const name of readdirSync(sources).filter((entry) => entry.endsWith('.ts'))) {
    t.ok(readFileSync(new URL(name, sources), 'utf8').split('\n').length <= 40, name);
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

for (const isProducerFirst of [true, false]) {
  const who = isProducerFirst ? 'the producer' : 'the consumer';
  t.test(`ring-producer, ring-consumer: every line arrives, ${who} came first`, async (t) => {
    const region = await Region.listen(t, {});
    const start = async (name: string): Promise<Child> => {
      const child = new Child(t, [process.execPath, name, region.socket]);
      await region.joined(region.joins + 1);
      return child;
    };
    const early = await start(
      isProducerFirst ? example('ring-producer') : example('ring-consumer'),
    );
    const late = await start(isProducerFirst ? example('ring-consumer') : example('ring-producer'));
    const [producer, consumer] = isProducerFirst ? [early, late] : [late, early];
    const said = keep(consumer);
    const lines = Array.from({ length: 100 }, (_, index) => `line ${index}\n`).join('');
    producer.stdin.end(lines);
    t.match(await producer.exit, { code: 0, stderr: '' });
    t.match(await consumer.exit, { code: 0, stderr: '' });
    t.equal(said(), lines);
  });
}

t.test('wake-vm: the VM is interrupted and finds the message', need('qemu'), async (t) => {
  const region = await Region.listen(t, { vectors: 2 });
  const argv = [process.execPath, example('wake-vm'), region.socket, '1', 'work'];
  const child = new Child(t, argv);
  const said = keep(child);
  await until('it waits', () => said().includes('peer 1 is not there yet\n'));
  const device = await Device.start(t, { socket: region.socket, vectors: 2 });
  t.match(await child.exit, { code: 0, stderr: '' });
  t.match(said(), 'peer 0 woke peer 1\n');
  t.equal(await device.readText(0, 5), 'work\0');
  const again = await run(t, argv);
  t.match(again, { code: 0, stdout: 'peer 2 woke peer 1\n' });
  await until('it is interrupted', async () => (await device.heard()).includes(0));
});

t.test('poll-worker: every ring is answered', async (t) => {
  const { socket } = await Region.listen(t, {});
  const ended = await run(t, [process.execPath, example('poll-worker'), socket]);
  t.match(ended, { code: 0, stdout: 'answered 1000 times\n', stderr: '' });
});

function example(name: string): string {
  return fileURLToPath(new URL(`../dist/examples/${name}.js`, sources));
}

function keep(child: Child): () => string {
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (more: string) => (text += more));
  return () => text;
}

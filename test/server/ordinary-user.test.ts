// A server without privileges: the kernel counts the descriptors that its user has sent and nobody
// has received, over all sockets. A few stopped VMs could make all others go without.
import { chownSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { connectSocket } from '../../native/unix-socket.js';
import { asUser } from '../helper/as-user.js';
import { Child } from '../helper/child.js';
import { Crowd } from '../helper/crowd.js';
import { need } from '../helper/need.js';
import { MessageReader } from '../helper/message-reader.js';
import { Random } from '../helper/random.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { StrictPeer } from '../helper/strict-peer.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';

const command = fileURLToPath(new URL('../../src/cli/ivshmem.js', import.meta.url));
const steps = 3_000;
const vectors = 4;
const random = new Random();
t.comment(String(random));

/** A user of the test's own: in another run's name, its descriptors would count here. */
const uid = 100_000 + process.pid;

interface OrdinaryServer {
  readonly socket: string;
  readonly process: Child;
}

async function serve(t: Test, vectors: number): Promise<OrdinaryServer> {
  const directory = temp(t);
  chownSync(directory, uid, uid);
  const socket = `${directory}/s`;
  const args = ['--socket', socket, '--vectors', String(vectors), '--log-level', 'warn'];
  const argv = [process.execPath, command, 'serve', '--ready-fd', '3', ...args];
  const child = new Child(t, [...asUser(uid), ...argv], {
    fdLimit: 1024,
    ready: true,
  });
  let ready = '';
  child.ready.setEncoding('utf8').on('data', (text: string) => (ready += text));
  await until('the server is ready', () => ready === 'ready\n');
  return { socket, process: child };
}

t.test('three stopped peers cost the others not one message', need('root'), async (t) => {
  const server = await serve(t, vectors);
  const status = readFileSync(`/proc/${server.process.pid}/status`, 'latin1');
  t.match(status, new RegExp(`^Uid:\\t${uid}\\t${uid}\\t`, 'm'));
  t.match(
    status,
    /^CapEff:\t0{15}[04]$/m,
    'it may read all (CAP_DAC_READ_SEARCH), and nothing else',
  );
  t.match(
    readFileSync(`/proc/${server.process.pid}/limits`, 'latin1'),
    /Max open files +1024 +1024/,
  );

  const crowd = new Crowd(t, { socket: server.socket, vectors, random, most: 60 });
  const options = { vectors, ledger: crowd.ledger };
  const stopped: StrictPeer[] = [];
  while (stopped.length < 3) stopped.push(await StrictPeer.join(t, server.socket, options));
  const present = (): number[] => [...stopped.map(({ id }) => id), ...crowd.ids];

  for (let step = 0; step < steps; step += 1) {
    crowd.step();
    if (!random.oneIn(4)) await new Promise((resolve) => setImmediate(resolve));
    crowd.read();
  }
  await crowd.settle(present);
  t.pass('all who read know all, whoever does not');
  crowd.resumeAll();
  await crowd.settle(present);
  t.equal(crowd.peak, 60);
  t.same(crowd.deaf(), [], 'all but the three know all, and ring all');

  await until('the three, going on, know all', () => {
    for (const peer of stopped) peer.read();
    return stopped.every(({ told }) => told.size === present().length);
  });
  const lines = server.process.stderr.split('\n').filter((line) => line !== '');
  const others = lines.filter((line) => !line.includes('"reason":"data"'));
  t.same(others, [], 'nobody was refused but who sent garbage, nothing was lost');
});

t.test(
  'who does not read has its whole welcome, however many there are',
  need('root'),
  async (t) => {
    const server = await serve(t, 1);
    for (let count = 0; count < 200; count += 1) {
      await SocketPeer.join(t, server.socket, { vectors: 1, onlyOwn: true });
    }
    const silent = new MessageReader(connectSocket(server.socket)!);
    t.teardown(() => {
      silent.close();
    });
    await SocketPeer.join(t, server.socket, { vectors: 1, onlyOwn: true });
    server.process.kill('SIGTERM');
    t.equal((await server.process.exit).code, 0);
    const welcome: string[] = [];
    silent.read(({ text, fd }) => {
      welcome.push(text);
      fd?.close();
    });
    t.same(welcome.slice(0, 3), ['0000000000000000', 'c800000000000000', 'ffffffffffffffff fd']);
  },
);

for (const [name, last] of [
  ['join', 'ioctl fails with ENOMEM'],
  ['visit', 'a slot that has to be made: ioctl fails'],
] as const) {
  t.test(`every fault of a ${name}, without privileges`, need('root'), async (t) => {
    const file = fileURLToPath(new URL(`${name}-faults.test.js`, import.meta.url));
    const child = new Child(t, [...asUser(uid), process.execPath, file]);
    let output = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
    const { code } = await child.exit;
    t.equal(code, 0);
    t.match(output, new RegExp(`^ok \\d+ - ${last}`, 'm'));
    t.same(output.match(/^ *not ok .*/gm), null);
  });
}

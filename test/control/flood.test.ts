// Whatever comes to the control socket, the peers do not notice, and the process does not grow.
import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import t from 'tap';
import { ivshmem, run } from '../helper/command.js';
import { Controlled } from '../helper/control.js';
import { Ledger } from '../helper/ledger.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { StrictPeer } from '../helper/strict-peer.js';
import { until } from '../helper/until.js';

const GET = 'GET /v1/status HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';

/** Status of the answer; NaN: there was none. */
function ask(path: string, bytes = GET): Promise<number> {
  return new Promise((resolve) => {
    let text = '';
    const socket = connect(path, () => socket.write(bytes));
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    socket.on('error', () => undefined);
    socket.on('close', () => {
      resolve(Number(/^HTTP\/1\.1 (\d{3}) /.exec(text)?.[1]));
    });
  });
}

function memoryBytes(pid: number, field: 'VmRSS' | 'VmHWM'): number {
  const text = readFileSync(`/proc/${pid}/status`, 'latin1');
  return Number(new RegExp(`^${field}:\\s*(\\d+) kB$`, 'm').exec(text)?.[1]) * 1_024;
}

t.test('each of a thousand at once gets its answer, or is told to come again', async (t) => {
  const lab = await Controlled.start(t);
  const answers = await Promise.all(Array.from({ length: 1_000 }, () => ask(lab.control)));
  const count = (status: number): number => answers.filter((one) => one === status).length;
  t.ok(count(200) > 0, `${count(200)} were answered, ${count(503)} told to come again`);
  t.equal(count(200) + count(503), 1_000);
  t.equal(await ask(lab.control), 200, 'and the next is answered');
});

t.test('strict peers that come and go in a flood of requests miss no message', async (t) => {
  const vectors = 2;
  const lab = await Controlled.start(t, ['--vectors', String(vectors)]);
  const before = memoryBytes(lab.serve.pid, 'VmRSS');
  const ledger = new Ledger();
  const options = { vectors, ledger };
  const witness = await StrictPeer.join(t, lab.socket, options);
  const stopped = StrictPeer.connect(lab.socket, options);
  t.teardown(() => {
    stopped.close();
  });
  await until('both are there', () => (witness.read(), witness.told.size === 2));

  let isOver = false;
  let requests = 0;
  const pipelined = 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(200);
  const garbage = Buffer.alloc(65_536, 0xff).toString('latin1');
  const flood = Array.from({ length: 100 }, async (_, index) => {
    const bytes = index % 10 === 0 ? garbage : index % 10 === 1 ? `${pipelined}${GET}` : GET;
    while (!isOver) {
      await ask(lab.control, bytes);
      requests += 1;
    }
  });
  // These ask and never read.
  const silent = Array.from({ length: 20 }, () => {
    const socket = connect(lab.control, () => socket.write(pipelined));
    socket.on('error', () => undefined).pause();
    return socket;
  });
  await until('the flood has begun', () => requests > 100);

  let visits = 0;
  for (; visits < 300; visits += 1) {
    const visitor = await StrictPeer.join(t, lab.socket, options);
    if (visitor.refusal !== undefined) t.fail(`visit ${visits} was refused`);
    await until('the witness is told', () => (witness.read(), witness.told.has(visitor.id)));
    visitor.close();
    await until('the witness is told', () => (witness.read(), !witness.told.has(visitor.id)));
  }
  isOver = true;
  for (const socket of silent) socket.destroy();
  await Promise.all(flood);
  await until('the stopped one reads', () => (stopped.read(), stopped.isWelcomed));
  t.same([...witness.told], [[0, 2], [1, 2]], `${requests} requests meanwhile`); // prettier-ignore
  const grown = (memoryBytes(lab.serve.pid, 'VmRSS') - before) / 1024 ** 2;
  t.ok(grown < 256, `it has grown by ${Math.round(grown)} MiB`);
  t.same(lab.serve.logged('control').length, 1, 'and its thread has not died');
});

t.test('who begins a request and does not end it is let go', async (t) => {
  const lab = await Controlled.start(t);
  const sockets = Array.from({ length: 65 }, () => connect(lab.control));
  for (const socket of sockets) {
    socket.on('error', () => undefined).write('GET /v1/status HTTP/1.1\r\n');
    t.teardown(() => socket.destroy());
  }
  await until('the next is told to come again', async () => (await ask(lab.control)) === 503);
  await until('there is room again', async () => (await ask(lab.control)) === 200, 30_000);
});

t.test('who asks and never reads is let go', async (t) => {
  const lab = await Controlled.start(t, ['--vectors', '512', '--max-peers', '40']);
  // Answers that no socket takes whole.
  for (let n = 0; n < 20; n += 1)
    await SocketPeer.join(t, lab.socket, { vectors: 512, onlyOwn: true });
  const silent = Array.from({ length: 64 }, () => {
    const socket = connect(lab.control, () => socket.write(GET.replace('close', 'keep-alive')));
    t.teardown(() => socket.destroy());
    return socket.on('error', () => undefined).pause();
  });
  t.equal(silent.length, 64);
  await until('the next is told to come again', async () => (await ask(lab.control)) === 503);
  await until('there is room again', async () => (await ask(lab.control)) === 200, 60_000);
});

t.test('a server ends in a flood of pipelined requests as it does without', async (t) => {
  const lab = await Controlled.start(t);
  const pipelined = 'GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(50);
  let isOver = false;
  const flood = Array.from({ length: 20 }, async () => {
    while (!isOver) await ask(lab.control, pipelined + GET);
  });
  await until(
    'the flood has begun',
    async () => (await lab.client.metrics().catch(() => '')) !== '',
  );
  const { code, signal } = await lab.serve.end('SIGTERM');
  isOver = true;
  await Promise.all(flood);
  t.same({ code, signal }, { code: 0, signal: null });
});

t.test('the memory of the front is bounded, and it is taken first', async (t) => {
  const lab = await Controlled.start(t, ['--vectors', '512', '--max-peers', '40']);
  const join = (): Promise<SocketPeer> =>
    SocketPeer.join(t, lab.socket, { vectors: 512, onlyOwn: true });
  for (let n = 0; n < 400; n += 1) (await join()).leave();
  for (let n = 0; n < 20; n += 1) await join();
  const front = lab.frontPid;
  // Some take what they get slowly, the others not at all.
  const flood = async (request: string): Promise<void> => {
    const sockets = Array.from({ length: 62 }, (_, index) => {
      const socket = connect(lab.control, () => socket.write(request));
      socket.on('error', () => undefined);
      if (index % 2 === 0) socket.pause();
      else {
        socket.on('data', () => {
          socket.pause();
          setTimeout(() => socket.resume(), 20);
        });
      }
      t.teardown(() => socket.destroy());
      return socket;
    });
    await until('it has answered', () => sockets.some(({ bytesRead }) => bytesRead > 0));
    const end = performance.now() + 2_000;
    await until('it has had time to grow', () => performance.now() > end);
    for (const socket of sockets) socket.destroy();
    await until('there is room again', async () => (await ask(lab.control)) === 200);
  };
  for (const path of ['/v1/events', '/v1/status', '/v1/regions/lab', '/metrics']) {
    const request = `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`;
    await flood(request);
    // Those that ask ahead are let go, and may come again and again.
    const ahead = Array.from({ length: 300 }, () => ask(lab.control, request.repeat(100)));
    t.ok(
      (await Promise.all(ahead)).every((status) => status !== 200),
      `${path} ahead`,
    );
  }
  const most = memoryBytes(front, 'VmHWM') / 1024 ** 2;
  t.ok(most < 60 + 256 + 64, `it has had ${Math.round(most)} MiB at most`);
  t.equal(lab.frontPid, front, 'and is the same');
  t.equal(readFileSync(`/proc/${front}/oom_score_adj`, 'latin1'), '500\n');
  t.not(readFileSync(`/proc/${lab.serve.pid}/oom_score_adj`, 'latin1'), '500\n');
});

t.test('the descriptors of who asks are not those of the peers', async (t) => {
  const lab = await Controlled.start(t, [], { fdLimit: 200 });
  const used = async (): Promise<number> => (await lab.client.status()).descriptors.used;
  for (let n = 0; n < 60; n += 1) await lab.connect(t);
  // What it rehearses joins with, it closes again.
  await until('it has as few as ever', async () => (await used()) < 60);
});

t.test('who finds no room where all wait for a stopped front is told why', async (t) => {
  const lab = await Controlled.start(t);
  process.kill(lab.frontPid, 'SIGSTOP');
  const waiting: Socket[] = [];
  t.teardown(() => {
    for (const socket of waiting) socket.destroy();
  });
  const isFull = (): Promise<boolean> =>
    new Promise((resolve, reject) => {
      const socket = connect(lab.control, () => {
        resolve(false);
      });
      socket.on('error', (error: NodeJS.ErrnoException) => {
        if (error.code === 'EAGAIN') resolve(true);
        else reject(error);
      });
      waiting.push(socket);
    });
  while (!(await isFull()));
  t.match(await run(t, [...ivshmem, 'status', '--control', lab.control]), {
    code: 1,
    stderr: /control\.sock: EAGAIN; too many wait there already: see whether .* is stopped$/m,
  });
  process.kill(lab.frontPid, 'SIGCONT');
  for (const socket of waiting) socket.destroy();
  await until('it answers', async () => (await ask(lab.control)) === 200);
});

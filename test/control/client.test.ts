// Rule 1: who answers here says that it is an ivshmem, and is none: what a server says is tested with servers.
import { rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import t, { type Test } from 'tap';
import { ControlClient } from '../../src/control/client.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';

/** A client of what acts on each request like this. */
function clientOf(t: Test, act: (socket: Socket) => void): ControlClient {
  const path = `${temp(t)}/c`;
  const server = createServer((socket) => {
    socket.on('error', () => undefined).once('data', () => act(socket));
  }).listen(path);
  t.teardown(() => server.close());
  return new ControlClient(path);
}

function answering(t: Test, body: string, status = '200 OK'): ControlClient {
  return clientOf(t, (socket) => {
    const head = `HTTP/1.1 ${status}\r\nServer: ivshmem/9\r\nContent-Length: ${body.length}\r\n\r\n`;
    socket.end(`${head}${body}`);
  });
}

async function all(events: AsyncIterable<unknown>): Promise<unknown[]> {
  const told = [];
  for await (const event of events) told.push(event);
  return told;
}

const notControl = { code: 'ERR_IVSHMEM_NOT_CONTROL' };
const region = {
  name: 'lab',
  socket: '/s',
  memory: { kind: 'memfd', path: '/m', sizeBytes: 4096 },
  vectors: 1,
  maxPeers: 1,
  idsLeft: 1,
  peers: [],
  vms: [],
};
const status = {
  version: '9',
  pid: 1,
  startedAt: '2026-11-25T10:00:00.000Z',
  descriptors: { used: 1, limit: 2 },
  regions: [region],
};

const oddEvents = [{ time: 'soon' }, { time: 1 }, { level: 1 }, { msg: [] }].map((odd) => ({
  event: 'join',
  ...odd,
}));

t.test('what has another shape than an answer is none', async (t) => {
  t.same(await answering(t, JSON.stringify({ ...status, more: 1 })).status(), {
    ...status,
    more: 1,
  });
  for (const wrong of [
    { ...status, pid: '1' },
    { ...status, startedAt: '' },
    { ...status, startedAt: 1 },
    { ...status, descriptors: null },
    { regions: [{}] },
    { ...status, regions: [{ ...region, peers: [{ id: 1 }] }] },
    { ...status, regions: [{ ...region, label: 3 }] },
    { ...status, regions: { 0: region } },
  ])
    await t.rejects(answering(t, JSON.stringify(wrong)).status(), notControl);
  await t.rejects(answering(t, '{}').evict('lab', 1), notControl);
  await t.rejects(answering(t, '{"summary":"","problems":[1]}').reload(), notControl);
  for (const event of ['3', '{}', ...oddEvents.map((odd) => JSON.stringify(odd))])
    await t.rejects(all(answering(t, `${event}\n`).events()), notControl, event);
  await t.rejects(all(answering(t, '3\n').events({ follow: true })), notControl);
});

t.test('what has another shape than a refusal is none', async (t) => {
  for (const body of ['null', '{}', '{"code":1,"message":"no"}', ''])
    await t.rejects(answering(t, body, '500 No').status(), notControl, body);
});

t.test('an answer without an end is not waited for', async (t) => {
  const flood = (head: string, body: string) =>
    clientOf(t, (socket) => {
      socket.write(`HTTP/1.1 200 OK\r\nServer: ivshmem/9\r\n\r\n${head}`);
      const more = (): void => {
        while (socket.write(body));
      };
      socket.on('drain', more);
      more();
    });
  const longer = { ...notControl, message: /longer than any/ };
  await t.rejects(flood('{"regions":[', '{},'.repeat(100_000)).status(), longer);
  await t.rejects(all(flood('', 'x'.repeat(100_000)).events({ follow: true })), longer);
});

t.test('an answer that drips is none in time', async (t) => {
  const client = clientOf(t, (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nServer: ivshmem/9\r\n\r\n');
    const drip = setInterval(() => socket.write(' '), 10);
    socket.on('close', () => clearInterval(drip));
  });
  await t.rejects(client.status(), {
    code: 'ERR_IVSHMEM_NO_ANSWER',
    message: `no answer on ${client.path} within 15 s: it may be stopped`,
  });
});

t.test('where nobody listens the error is about the path that was named', async (t) => {
  const client = answering(t, '');
  rmSync(client.path);
  await t.rejects(client.status(), { code: 'ENOENT', syscall: 'connect', path: client.path });
});

t.test('who takes the events one by one does not keep the server waiting', async (t) => {
  const event = `${JSON.stringify({ event: 'join', msg: 'x'.repeat(10_000) })}\n`;
  let isOver = false;
  const client = clientOf(t, (socket) => {
    socket.on('close', () => (isOver = true));
    // More than sockets and streams keep.
    socket.end(`HTTP/1.1 200 OK\r\nServer: ivshmem/9\r\n\r\n${event.repeat(1_000)}`);
  });
  const events = client.events();
  await events.next();
  await until('all of it was read', () => isOver);
  t.equal((await all(events)).length, 999);
});

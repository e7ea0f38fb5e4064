// The control socket as any client of HTTP sees it: what it answers, and to whom it says no.
import { once } from 'node:events';
import { chmodSync, statSync, writeFileSync } from 'node:fs';
import { connect } from 'node:net';
import t from 'tap';
import { Controlled, type Answer } from '../helper/control.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { Serve } from '../helper/serve.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';

const json = (answer: Answer): Record<string, unknown> =>
  JSON.parse(answer.text) as Record<string, unknown>;

t.test('it is there with the region, for its user alone', async (t) => {
  const { control } = await Controlled.start(t);
  const { mode } = statSync(control);
  t.equal((mode & 0o7777).toString(8), '600');
  t.ok(statSync(control).isSocket());
});

t.test('the status has all there is to know of regions and peers', async (t) => {
  const lab = await Controlled.start(t, ['--vectors', '2', '--label', 'my lab']);
  const a = await SocketPeer.join(t, lab.socket, { vectors: 2 });
  await SocketPeer.join(t, `${lab.socket}.host`, { vectors: 2 });
  await until('it knows the other', () => a.knows(1) === 2);
  await a.ring(1, 1);
  await a.ring(1, 1);
  const answer = await lab.request(t, 'GET /v1/status');
  t.equal(answer.status, 200);
  t.match(answer.headers['content-type'], /^application\/json/);
  const peer = { pid: process.pid, uid: process.getuid?.(), unread: 0, isBehind: false };
  t.match(json(answer), {
    version: /^\d+\.\d+\.\d+/,
    pid: lab.serve.pid,
    startedAt: /^\d{4}-.*Z$/,
    descriptors: { used: Number, limit: Number },
    regions: [
      {
        name: 'lab',
        socket: lab.socket,
        hostSocket: `${lab.socket}.host`,
        memory: { kind: 'memfd', sizeBytes: 4_194_304 },
        vectors: 2,
        label: 'my lab',
        idsLeft: 65_534,
        vms: [],
        peers: [
          { id: 0, isHost: false, ...peer, doorbells: [{ waiting: 0 }, { waiting: 0 }] },
          { id: 1, isHost: true, ...peer, doorbells: [{ waiting: 0 }, { waiting: 2 }] },
        ],
      },
    ],
  });
});

t.test('a region and a peer can be asked for alone', async (t) => {
  const lab = await Controlled.start(t);
  await SocketPeer.join(t, lab.socket, { vectors: 1 });
  t.match(json(await lab.request(t, 'GET /v1/regions/lab')), { name: 'lab', peers: [{ id: 0 }] });
  t.match(json(await lab.request(t, 'GET /v1/regions/lab/peers/0')), { id: 0, pid: process.pid });
});

t.test('what is not there is 404, and what there is, is said', async (t) => {
  const lab = await Controlled.start(t);
  for (const [line, message] of [
    ['GET /v1/regions/labs', `there is no region 'labs'; there are: lab`],
    ['GET /v1/regions/labs/peers/0', `there is no region 'labs'; there are: lab`],
    ['DELETE /v1/regions/labs/peers/0', `there is no region 'labs'; there are: lab`],
    ['GET /v1/regions/lab/peers/0', 'no peer has the ID 0'],
    ['DELETE /v1/regions/lab/peers/65535', 'no peer has the ID 65535'],
    ['GET /nothing', /^nothing is at \/nothing; there are: \/metrics, \/v1\/status,/],
  ] as const) {
    const answer = await lab.request(t, line);
    t.equal(answer.status, 404, line);
    t.match(json(answer), { message }, line);
  }
});

t.test('what is asked wrongly is 400, and what is allowed, is said', async (t) => {
  const lab = await Controlled.start(t);
  for (const peer of ['x', '-1', '65536', '1e3', '000000', '%00'])
    t.match(await lab.request(t, `DELETE /v1/regions/lab/peers/${peer}`), {
      status: 400,
      text: /is no peer ID; allowed: 0–65535/,
    });
  t.match(await lab.request(t, 'GET /v1/events?follow=yes'), {
    status: 400,
    text: /follow=yes: allowed: 0 and 1/,
  });
});

t.test('no request has a body, be it JSON or not', async (t) => {
  const lab = await Controlled.start(t);
  for (const [body, headers] of [
    ['{"region":"lab"}', ['Content-Type: application/json', 'Content-Length: 16']],
    ['{"region":', ['Content-Type: application/json', 'Content-Length: 10']],
    ['2\r\n{}\r\n0\r\n\r\n', ['Transfer-Encoding: chunked']],
  ] as const) {
    const answer = await lab.request(t, 'POST /v1/reload', headers, body);
    t.match(answer, { status: 400, text: /no request has a body/ });
  }
});

t.test('a method that is not for a path is 405, with those that are', async (t) => {
  const lab = await Controlled.start(t);
  for (const [line, allow] of [
    ['POST /v1/status', 'GET'],
    ['DELETE /metrics', 'GET'],
    ['GET /v1/reload', 'POST'],
    ['PUT /v1/regions/lab/peers/0', 'GET, DELETE'],
  ] as const)
    t.match(await lab.request(t, line), { status: 405, headers: { allow } }, line);
});

t.test('what is no HTTP is 400, and what is too long is 431', async (t) => {
  const lab = await Controlled.start(t);
  for (const bytes of [
    'hello\r\n\r\n',
    '\0\0\0\0\0\0\0\0',
    'GET /v1/status HTTP/1.1\r\nHost: a b\r\n\r\n',
    'GET / HTTP/9.9\r\n\r\n',
  ])
    t.match(
      await lab.send(t, bytes),
      { status: 400, text: /^\{"code":"ERR_IVSHMEM_REQUEST",/ },
      bytes,
    );
  t.equal((await lab.request(t, 'GET /v1/status', [`X: ${'x'.repeat(20_000)}`])).status, 431);
  t.equal((await lab.request(t, 'GET /v1/status')).status, 200, 'and the next is answered');
});

t.test('what no part of HTTP is used for here has its words, too', async (t) => {
  const lab = await Controlled.start(t);
  for (const [bytes, status] of [
    ['GET /v1/status HTTP/1.1\r\n\r\n', 400],
    ['GET /v1/status HTTP/1.1\r\nHost: x\r\nExpect: foo\r\n\r\n', 417],
    ['CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n', 405],
    ['OPTIONS * HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n', 400],
  ] as const) {
    const answer = await lab.send(t, bytes);
    t.equal(answer.status, status, bytes);
    t.match(json(answer), { code: 'ERR_IVSHMEM_REQUEST', message: /\w/ }, bytes);
    t.match(answer.headers['server'], /^ivshmem\//, bytes);
  }
  const old = 'GET /v1/regions/lab HTTP/1.0\r\n\r\n';
  t.match(json(await lab.send(t, old)), { name: 'lab' }, 'HTTP/1.0 has no Host');
});

t.test('who sends CONNECT and is gone, or stays, is nobody to wait for', async (t) => {
  const lab = await Controlled.start(t);
  const request = 'CONNECT x:1 HTTP/1.1\r\nHost: x\r\n\r\n';
  const { frontPid } = lab;
  for (let n = 0; n < 100; n += 1) {
    const socket = await lab.connect(t);
    socket.write(request, () => socket.destroy());
  }
  const staying = await Promise.all(
    Array.from({ length: 64 }, async () => {
      const socket = connect({ path: lab.control, allowHalfOpen: true });
      t.teardown(() => socket.destroy());
      socket.write(request);
      const [answer] = (await once(socket, 'data')) as [Buffer];
      return answer.toString();
    }),
  );
  for (const answer of staying) t.match(answer, /^HTTP\/1\.1 405 /);
  t.equal((await lab.request(t, 'GET /v1/status')).status, 200);
  t.equal(lab.frontPid, frontPid, 'and the front is the same');
});

t.test('a connection has one request at a time: who sends the next ahead is let go', async (t) => {
  const lab = await Controlled.start(t);
  const request = 'GET /v1/status HTTP/1.1\r\nHost: x\r\n\r\n';
  for (const ahead of [2, 1_000]) {
    const socket = await lab.connect(t);
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
    const end = new Promise((resolve) => socket.on('error', () => undefined).on('close', resolve));
    socket.write(request.repeat(ahead));
    await end;
    t.equal(text, '', `${ahead} requests`);
  }
  const socket = await lab.connect(t);
  for (let n = 0; n < 150; n += 1) {
    socket.write(request);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    if (!answer.toString().startsWith('HTTP/1.1 200 ')) t.fail(`request ${n}`);
  }
  t.pass('and one after the other there may be any number');
});

t.test('a request that is never complete is 408', async (t) => {
  const lab = await Controlled.start(t);
  const answer = await lab.send(t, 'GET /v1/status HTTP/1.1\r\nHost: ');
  t.match(answer, { status: 408, text: /a request has 10 seconds to be complete/ });
});

t.test('there is nothing to read again without a configuration file', async (t) => {
  const lab = await Controlled.start(t);
  t.match(await lab.request(t, 'POST /v1/reload'), {
    status: 409,
    text: /ERR_IVSHMEM_NO_CONFIG.*without --config/,
  });
});

t.test('a reload says what was done, and 409 when nothing was', async (t) => {
  const directory = temp(t);
  const file = `${directory}/c.yaml`;
  const configure = (regions: string): void => {
    writeFileSync(file, `control: control.sock\nregions: ${regions}\n`);
  };
  configure('{ lab: { socket: lab.sock } }');
  const lab = Controlled.over(await Serve.start(t, ['--config', file]), directory);
  t.match(await lab.request(t, 'POST /v1/reload'), {
    status: 200,
    text: '{"summary":"reloaded: kept lab","problems":[]}',
  });
  configure('{ lab: { socket: lab.sock, vectors: 7 } }');
  const refused = await lab.request(t, 'POST /v1/reload');
  t.equal(refused.status, 200);
  t.match(json(refused), { problems: [/^lab: vectors stays 1, and does not become 7/] });
  configure('{ lab: { socket: lab.sock, vectors: 0, sice: 4M } }');
  const wrong = await lab.request(t, 'POST /v1/reload');
  t.equal(wrong.status, 409);
  t.same(Object.keys(json(wrong)), ['code', 'message']);
  t.match(json(wrong), {
    code: 'ERR_IVSHMEM_CONFIG',
    message: /^nothing was changed\n.*vectors.*\n.*sice/,
  });
  const { summary, problems } = await lab.client.reload();
  t.equal([summary, ...problems].join('\n'), json(wrong)['message'], 'as ivshmem reload has it');
});

t.test('a peer is evicted by DELETE', async (t) => {
  const lab = await Controlled.start(t);
  const peer = await SocketPeer.join(t, lab.socket, { vectors: 1 });
  const other = await SocketPeer.join(t, lab.socket, { vectors: 1 });
  const answer = await lab.request(t, 'DELETE /v1/regions/lab/peers/1');
  t.match(json(answer), { evicted: { id: 1, pid: process.pid } });
  await until('the other is told', () => peer.knows(1) === 0);
  t.equal(other.knows(1), 1, 'it keeps its own doorbell');
});

t.test('a path that cannot be is an error at the start, and nothing is left behind', async (t) => {
  const directory = temp(t);
  chmodSync(directory, 0o755);
  const socket = `${directory}/s`;
  for (const [control, message] of [
    [`${directory}/no/c`, /ENOENT/],
    ['/dev/null', /exists and is no socket|EEXIST|EACCES/],
  ] as const) {
    const { code, stderr } = await Serve.fail(t, ['--socket', socket, '--control', control]);
    t.equal(code, 1, control);
    t.match(stderr, message);
    t.throws(() => statSync(socket), { code: 'ENOENT' });
  }
  t.match(await Serve.fail(t, ['--socket', socket, '--control', '']), {
    code: 2,
    stderr: /--control: an empty path is no socket/,
  });
});

t.test('its path is free again when the server has ended', async (t) => {
  const lab = await Controlled.start(t);
  await lab.serve.end('SIGTERM');
  t.throws(() => statSync(lab.control), { code: 'ENOENT' });
  t.throws(() => statSync(`${lab.control}.lock`), { code: 'ENOENT' });
});

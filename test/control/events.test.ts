// The stream of events: all that is kept, all that comes, and what becomes of who does not read.
import t from 'tap';
import { Controlled } from '../helper/control.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { until } from '../helper/until.js';

interface Line {
  readonly event: string;
  readonly peer?: number;
  readonly lost?: number;
}

function linesOf(text: string): Line[] {
  // In chunks, each with its length before it.
  const lines = text.split('\n').filter((line) => line.startsWith('{') && line.endsWith('}'));
  return lines.map((line) => JSON.parse(line) as Line);
}

t.test('what has happened is told as the log has it, and that is all', async (t) => {
  const lab = await Controlled.start(t);
  const peer = await SocketPeer.join(t, lab.socket, { vectors: 1 });
  peer.leave();
  await until('it has left', () => lab.serve.logged('leave').length === 1);
  const events = [];
  for await (const event of lab.client.events()) events.push(event);
  const logged = lab.serve.stderr
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Line);
  t.same(
    events.map((line) => ({ ...line, time: undefined })),
    logged.map((line) => ({ ...line, time: undefined })),
  );
});

t.test('what has been logged is told to who asks then, and once to who follows', async (t) => {
  const lab = await Controlled.start(t);
  const stop = new AbortController();
  const followed: string[] = [];
  const end = (async () => {
    for await (const event of lab.client.events({ follow: true, signal: stop.signal }))
      followed.push(JSON.stringify(event));
  })();
  const asked = async (): Promise<string[]> => {
    const lines = [];
    for await (const event of lab.client.events()) lines.push(JSON.stringify(event));
    return lines;
  };
  for (let n = 1; n <= 30; n += 1) {
    (await SocketPeer.join(t, lab.socket, { vectors: 1 })).leave();
    await until('it has left', () => lab.serve.logged('leave').length === n);
    // One that asks while another is answered shares the next answer.
    const answers = await Promise.all([asked(), asked(), asked()]);
    for (const lines of answers)
      t.equal(lines.filter((line) => line.includes('"leave"')).length, n);
  }
  const all = await asked();
  await until('it is told all', () => followed.length >= all.length);
  stop.abort();
  await t.rejects(end, { name: 'AbortError' });
  t.same(followed, all);
});

t.test('who follows is told of each event as it comes, those before it included', async (t) => {
  const lab = await Controlled.start(t);
  await SocketPeer.join(t, lab.socket, { vectors: 1 });
  const stop = new AbortController();
  const seen: string[] = [];
  const followed = (async () => {
    for await (const { event } of lab.client.events({ follow: true, signal: stop.signal }))
      seen.push(event);
  })();
  await until('it has been told', () => seen.at(-1) === 'join');
  const before = seen.length;
  (await SocketPeer.join(t, lab.socket, { vectors: 1 })).leave();
  await until('it is told', () => seen.at(-1) === 'leave');
  t.same(seen.slice(before), ['join', 'leave']);
  stop.abort();
  await t.rejects(followed, { name: 'AbortError' });
});

t.test('the end of the server ends the stream', async (t) => {
  const lab = await Controlled.start(t);
  const seen: string[] = [];
  const followed = (async () => {
    for await (const { event } of lab.client.events({ follow: true })) seen.push(event);
  })();
  await until('it has been told', () => seen.length > 0);
  await lab.serve.end('SIGTERM');
  await followed;
  t.same(seen.slice(-2), ['stop', 'end'], 'and all has been told');
});

t.test('who does not read is told how many it missed, and all the others get theirs', async (t) => {
  const lab = await Controlled.start(t);
  const slow = await lab.connect(t);
  slow.pause();
  slow.write('GET /v1/events?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n');
  let text = '';
  slow.on('data', (chunk: Buffer) => (text += chunk.toString()));
  slow.pause();
  let seen = 0;
  const stop = new AbortController();
  const followed = (async () => {
    for await (const { event } of lab.client.events({ follow: true, signal: stop.signal }))
      if (event === 'join') seen += 1;
  })();
  await until('the other is told', () => lab.serve.logged('control').length > 0);
  const joins = 6_000;
  for (let n = 0; n < joins; n += 1) (await SocketPeer.join(t, lab.socket, { vectors: 1 })).leave();
  await until('the other has got them all', () => seen === joins);
  slow.resume();
  await until('the slow one is told', () => linesOf(text).some(({ event }) => event === 'lost'));
  const lines = linesOf(text);
  const lost = lines.reduce((sum, { lost: missed = 0 }) => sum + missed, 0);
  const told = lines.filter(({ event }) => event !== 'lost').length;
  t.ok(lost > 0 && told > 0, `${told} told, ${lost} lost`);
  stop.abort();
  await followed.catch(() => undefined);
});

t.test('sixteen follow at a time, and the next is told so', async (t) => {
  const lab = await Controlled.start(t);
  for (let n = 0; n < 16; n += 1) {
    const follower = await lab.connect(t);
    follower.write('GET /v1/events?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n');
    await new Promise((resolve) => follower.once('data', resolve));
    if (n === 0) t.teardown(() => follower.destroy());
  }
  t.match(await lab.request(t, 'GET /v1/events?follow=1'), {
    status: 503,
    text: /16 follow the events already/,
  });
  t.equal((await lab.request(t, 'GET /v1/events')).status, 200, 'who only looks is let in');
});

t.test('who ends makes room for the next', async (t) => {
  const lab = await Controlled.start(t);
  for (let n = 0; n < 40; n += 1) {
    const follower = await lab.connect(t);
    follower.write('GET /v1/events?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n');
    const [answer] = (await new Promise<Buffer[]>((resolve) =>
      follower.once('data', (...data: Buffer[]) => {
        resolve(data);
      }),
    )) as [Buffer];
    if (!answer.toString().startsWith('HTTP/1.1 200')) {
      // The end of those before may be on its way.
      t.match(answer.toString(), /^HTTP\/1\.1 503/);
      n -= 1;
    }
    follower.destroy();
  }
  t.pass('forty in all');
});

t.test('who asks for the head of the stream, or goes at once, does not take a place', async (t) => {
  const lab = await Controlled.start(t);
  for (let n = 0; n < 20; n += 1) {
    t.equal((await lab.request(t, 'HEAD /v1/events?follow=1')).status, 200);
    const socket = await lab.connect(t);
    socket.end('GET /v1/events?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(3));
    socket.destroy();
  }
  await until('there is room', async () => {
    const follower = await lab.connect(t);
    follower.write('GET /v1/events?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n');
    const answer = await new Promise<Buffer>((resolve) => follower.once('data', resolve));
    return answer.toString().startsWith('HTTP/1.1 200');
  });
});

t.test('who begins to follow in a storm is told each event once', async (t) => {
  const lab = await Controlled.start(t);
  let isOver = false;
  const storm = (async () => {
    while (!isOver as boolean) (await SocketPeer.join(t, lab.socket, { vectors: 1 })).leave();
  })();
  for (let n = 0; n < 10; n += 1) {
    const stop = new AbortController();
    const times: string[] = [];
    const followed = (async () => {
      for await (const { time } of lab.client.events({ follow: true, signal: stop.signal })) {
        // What was lost on a busy machine has no time.
        if (time !== undefined) times.push(time);
        if (times.length === 1_200) stop.abort();
      }
    })();
    await followed.catch(() => undefined);
    t.same(times, [...times].sort(), 'none comes again');
  }
  isOver = true;
  await storm;
});

t.test('who follows and does not read for long is not let go', async (t) => {
  const lab = await Controlled.start(t);
  const slow = await lab.connect(t);
  slow.pause();
  slow.write('GET /v1/events?follow=1 HTTP/1.1\r\nHost: x\r\n\r\n');
  let hasEnded = false;
  slow.on('close', () => (hasEnded = true));
  // More than its socket takes.
  for (let n = 0; n < 4_000; n += 1) (await SocketPeer.join(t, lab.socket, { vectors: 1 })).leave();
  const end = performance.now() + 12_500;
  await until('its time would be over', () => performance.now() > end);
  t.notOk(hasEnded);
  let text = '';
  slow.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  slow.resume();
  await until('it is told', () => text.includes('"lost"'));
});

// The log's lines, as programs read them: one for each event, with all that concerns it.
import t from 'tap';
import { logEvents } from '../../src/cli/event-log.js';
import type { Log } from '../../src/cli/log.js';
import { forEach } from '../helper/command.js';
import { Serve, type LogLine } from '../helper/serve.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';
import { VmScene } from '../helper/vm-scene.js';

const own = { pid: process.pid, uid: process.getuid?.(), gid: process.getgid?.() };

t.test('the life of a server is one line for each event', async (t) => {
  const socket = `${temp(t)}/s`;
  const args = ['--socket', socket, '--size', '1M', '--vectors', '2', '--max-peers', '1'];
  const serve = await Serve.start(t, args);
  const peer = await SocketPeer.join(t, socket, { vectors: 2 });
  const { refusal } = await SocketPeer.join(t, socket, { vectors: 2 });
  peer.leave();
  await until('the leave', () => serve.logged('leave').length === 1);
  await serve.end('SIGTERM');

  const lines = linesOf(serve);
  for (const { time, msg } of lines) {
    t.match(time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    t.match(msg, /^[^\n]+$/);
  }
  t.same(
    lines.map((line) => ({ ...line, time: undefined, msg: undefined })),
    [
      {
        ...{ level: 'info', event: 'listening', socket, hostSocket: `${socket}.host` },
        ...{ sizeBytes: 1_048_576, isAdopted: false },
        ...{ memory: lines[0]?.['memory'], vectors: 2, maxPeers: 1 },
      },
      { level: 'info', event: 'join', peer: 0, ...own, isHost: false },
      {
        ...{ level: 'warn', event: 'refuse', reason: 'peers', version: refusal, ...own },
        remedy: lines[2]?.['remedy'],
      },
      {
        level: 'info',
        event: 'leave',
        peer: 0,
        ...own,
        isHost: false,
        reason: lines[3]?.['reason'],
      },
      { level: 'info', event: 'stop', signal: 'SIGTERM' },
      { level: 'info', event: 'end', socket },
    ].map((fields) => ({ ...fields, time: undefined, msg: undefined })),
  );
  t.match(lines[0]?.['memory'], /^\/proc\/\d+\/fd\/\d+$/);
  t.match(lines[2]?.['remedy'], '--max-peers');
  t.match(lines[3]?.['reason'], /^\w/);
});

t.test('a visitor of a slot is called a host peer', async (t) => {
  const socket = `${temp(t)}/s`;
  const serve = await Serve.start(t, ['--socket', socket]);
  const peer = await SocketPeer.join(t, `${socket}.host`, { vectors: 1 });
  peer.leave();
  await until('the leave', () => serve.logged('leave').length === 1);
  t.match(serve.logged('join'), [{ peer: 0, isHost: true, msg: /^host peer 0 joined: pid \d+/ }]);
  t.match(serve.logged('leave'), [{ peer: 0, isHost: true, msg: /^host peer 0 left: closed, / }]);
  t.match(serve.logged('listening'), [{ msg: `listening on ${socket} and ${socket}.host: ` }]);
});

t.test('a level leaves out what is less', async (t) => {
  const directory = temp(t);
  const levels = [
    ['error', []],
    ['warn', ['warning']],
    ['info', ['listening', 'warning', 'stop', 'end']],
  ] as const;
  await forEach(levels, async ([level, events]) => {
    const args = ['--socket', `${directory}/${level}`, '--log-level', level];
    const serve = await Serve.start(t, [...args, '--max-peers', '65536', '--vectors', '2048']);
    t.equal((await serve.end('SIGTERM')).code, 0);
    t.same(
      linesOf(serve).map(({ event }) => event),
      events,
      level,
    );
  });
});

t.test('a failure is logged at every level', async (t) => {
  const socket = `${temp(t)}/missing/s`;
  const { stderr } = await Serve.fail(t, ['--socket', socket, '--log-level', 'error']);
  const { level, event, code, path, msg } = JSON.parse(stderr) as LogLine;
  t.match(
    { level, event, code, path },
    { level: 'error', event: 'failed', code: 'ENOENT', path: socket },
  );
  t.match(msg, socket);
});

t.test('a memory that was there before is said to be', async (t) => {
  const directory = temp(t);
  const args = ['--socket', `${directory}/s`, '--mem-path', `${directory}/memory`];
  await (await Serve.start(t, args)).end('SIGTERM');
  const serve = await Serve.start(t, args);
  t.match(serve.logged('listening'), [{ isAdopted: true, msg: /there before/ }]);
});

t.test('a label is a field of the first line', async (t) => {
  const serve = await Serve.start(t, ['--socket', `${temp(t)}/s`, '--label', 'blue lab']);
  t.match(serve.logged('listening'), [{ label: 'blue lab' }]);
});

function linesOf(serve: Serve): LogLine[] {
  const lines = serve.stderr.split('\n').slice(0, -1);
  return lines.map((line) => JSON.parse(line) as LogLine);
}

t.test('a VM that has a name is told of by it', async (t) => {
  const scene = await VmScene.open(t, { web: {} });
  const lines: unknown[] = [];
  const keep = (fields: object, message: string): number => lines.push({ ...fields, message });
  logEvents({ info: keep, warn: keep, error: keep } as unknown as Log, scene.region.server);
  const web = await scene.join('web');
  await scene.join('web');
  await scene.part(web);
  t.match(lines.slice(1), [
    { event: 'join', peer: 1, name: 'web', message: /^web \(peer 1\) joined: pid \d+, uid \d+$/ },
    {
      event: 'refuse',
      reason: 'taken',
      message: /^refused pid \d+, uid \d+: web is there already \(peer 1, pid \d+, uid \d+\); end /,
    },
    { event: 'leave', peer: 1, name: 'web', message: /^web \(peer 1\) left: closed, pid / },
  ]);
});

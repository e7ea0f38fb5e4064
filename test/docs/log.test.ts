// docs/log.md has a row for each event that comes, and names its fields and codes.
import { readFileSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { Datagrams } from '../helper/datagrams.js';
import { need } from '../helper/need.js';
import { Serve } from '../helper/serve.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';

const page = readFileSync(new URL('../../../docs/log.md', import.meta.url), 'utf8');
// In every line, says the page; and the region where there are several.
const OF_ALL = ['level', 'time', 'msg', 'event', 'region'];
// "The same" as of a join.
const OF_A_PEER = ['peer', 'pid', 'uid', 'gid', 'isHost', 'name'];

function checkLines(t: Test, serve: Serve): Set<string> {
  const events = new Set<string>();
  for (const text of serve.stderr.trim().split('\n')) {
    const line = JSON.parse(text) as Record<string, unknown>;
    const { event, level, code } = line as Record<string, string>;
    events.add(`${event}${event === 'warning' ? ` ${code}` : ''}`);
    const row = page.split('\n').find((one) => one.split('|')[1]?.includes(`\`${event}\``));
    const [, , levels = '', fields = ''] = row?.split('|') ?? [];
    t.match(levels, level, text);
    const told = event === 'leave' ? [...OF_ALL, ...OF_A_PEER] : OF_ALL;
    for (const field of Object.keys(line).filter((one) => !told.includes(one)))
      t.match(fields, `\`${field}\``, text);
    if (event === 'warning') t.match(fields, `\`${code}\``, text);
  }
  return events;
}

t.test('events of regions and of reloads are as the page has them', async (t) => {
  const directory = temp(t);
  const file = `${directory}/c.yaml`;
  const configure = async (region: string, event: string): Promise<void> => {
    writeFileSync(file, `control: control\nregions:\n  lab: { socket: s${region} }\n`);
    const before = serve.logged(event).length;
    serve.kill('SIGHUP');
    await until(`it has logged ${event}`, () => serve.logged(event).length > before);
  };
  writeFileSync(file, 'control: c\nregions:\n  lab: { socket: s, vms: { web: { socket: w } } }\n');
  const serve = await Serve.start(t, ['--config', file]);
  const peer = await SocketPeer.join(t, `${directory}/w`, { vectors: 1 });
  await configure(', vectors: 2', 'refused-change'); // and the control socket, and the VM
  await configure(', vectors: 0', 'config');
  await configure('', 'reload');
  peer.leave();
  await until('it has left', () => serve.logged('leave').length === 1);
  await serve.end('SIGTERM');
  t.same([...checkLines(t, serve)].sort(), [
    'config',
    'control',
    'end',
    'join',
    'leave',
    'listening',
    'refused-change',
    'reload',
    'stop',
  ]);
});

t.test('so is what is asked for in vain', need('unix-dgram'), async (t) => {
  const manager = new Datagrams(t);
  const args = ['--socket', `${temp(t)}/s`, '--max-peers', '1'];
  const within = ['env', `NOTIFY_SOCKET=${manager.address}`];
  const serve = await Serve.start(t, args, { within });
  for (let n = 0; n < 2; n += 1) await SocketPeer.join(t, args[1] ?? '', { vectors: 1 });
  serve.kill('SIGHUP');
  await until('it is told', () => serve.logged('warning').length === 1);
  await serve.end('SIGTERM');
  const events = [...checkLines(t, serve)];
  t.same(events, ['listening', 'join', 'refuse', 'warning no-config', 'stop', 'end']);
});

// docs/control.md and the control socket know of the same requests and metrics.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { Controlled } from '../helper/control.js';
import { SocketPeer } from '../helper/socket-peer.js';

const page = readFileSync(new URL('../../../docs/control.md', import.meta.url), 'utf8');

t.test('the page has each metric, and no other', async (t) => {
  const lab = await Controlled.start(t, ['--max-peers', '1']);
  for (let n = 0; n < 2; n += 1) await SocketPeer.join(t, lab.socket, { vectors: 1 });
  const metrics = await lab.client.metrics();
  const told = new Set([...metrics.matchAll(/^# TYPE (\S+) /gm)].map(([, name]) => name));
  const [, table = ''] = page.split('## Metrics');
  const rows = table.split('\n').filter((line) => line.startsWith('| `'));
  const known = rows.flatMap((row) =>
    [...(row.split('|')[1] ?? '').matchAll(/ivshmem_\w+/g)].map(([name]) => name),
  );
  t.same(known.sort(), [...told].sort());
});

t.test('the page has each path, and no other', async (t) => {
  const lab = await Controlled.start(t);
  const { text } = await lab.request(t, 'GET /');
  const served = /there are: (.*)"/.exec(text)?.[1]?.split(', ') ?? [];
  const rows = [...page.matchAll(/^\| `(?:GET|POST|DELETE) ([^ `?]+)/gm)].map(([, path = '']) =>
    path.replaceAll(/(REGION|PEER)/g, (word) => `:${word.toLowerCase()}`),
  );
  t.same([...new Set(rows)].sort(), served.sort());
});

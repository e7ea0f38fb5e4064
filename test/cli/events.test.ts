// `ivshmem events --follow`, whose server goes on when the front of its control socket dies.
import t from 'tap';
import { Child } from '../helper/child.js';
import { ivshmem } from '../helper/command.js';
import { Controlled } from '../helper/control.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { Stranger } from '../helper/stranger.js';
import { until } from '../helper/until.js';

t.test('who follows goes on when only the front has died, and ends with the server', async (t) => {
  const lab = await Controlled.start(t);
  const follower = new Child(t, [...ivshmem, 'events', '-f', '--json', '--control', lab.control]);
  let text = '';
  follower.stdout.setEncoding('utf8').on('data', (more: string) => (text += more));
  const joins = (): number => text.split('"event":"join"').length - 1;
  for (const expected of [1, 2]) {
    await SocketPeer.join(t, lab.socket, { vectors: 1 });
    await until('it is told', () => joins() === expected);
    process.kill(lab.frontPid, 'SIGKILL');
    // So many are said to have died.
    await until('that is told', () => text.split('is started again').length - 1 === expected);
  }
  const lines = text.trim().split('\n');
  t.equal(new Set(lines).size, lines.length, 'each is told once');
  t.same(
    lines
      .map((line) => (JSON.parse(line) as { event: string }).event)
      .filter((event) => event === 'lost'),
    [],
  );
  await lab.serve.end('SIGKILL');
  t.match(await follower.exit, { code: 1, stderr: 'ivshmem events: the server has ended\n' });
});

t.test('of forty who were refused at once none is told twice when the front dies', async (t) => {
  const lab = await Controlled.start(t, ['--max-peers', '1']);
  await SocketPeer.join(t, lab.socket, { vectors: 1 });
  const follower = new Child(t, [...ivshmem, 'events', '-f', '--json', '--control', lab.control]);
  let text = '';
  follower.stdout.setEncoding('utf8').on('data', (more: string) => (text += more));
  const refusals = (): number => text.split('"event":"refuse"').length - 1;
  await new Stranger(t, lab.socket, { count: 40 }).versions(40);
  await until('all is told', () => refusals() === 40);
  process.kill(lab.frontPid, 'SIGKILL');
  await until('that is told', () => text.includes('is started again'));
  t.equal(refusals(), 40);
  t.notMatch(text, '"lost"');
});

// Log and banner that nobody reads: the server goes on, keeps what has room, and counts the rest.
import { spawn, type ChildProcess } from 'node:child_process';
import { chownSync } from 'node:fs';
import { once } from 'node:events';
import t, { type Test } from 'tap';
import { MessageReceiver } from '../../native/message-receiver.js';
import { connectSocket } from '../../native/unix-socket.js';
import { asUser } from '../helper/as-user.js';
import { ivshmem } from '../helper/command.js';
import { need } from '../helper/need.js';
import type { LogLine } from '../helper/serve.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';
import { emptyPipe, fullPipe, fullSocket, type Unread } from './unread.js';

const joins = 1_200;
const queueBytes = 262_144;
const stranger = 54_321;
const receiver = new MessageReceiver();

const streams = [
  ['a pipe', fullPipe, process.getuid?.() ?? 0, {}],
  ["another user's pipe", fullPipe, stranger, need('root')],
  ['a socket', fullSocket, process.getuid?.() ?? 0, {}],
] as const;

for (const [title, make, uid, needs] of streams) {
  t.test(`a log to ${title} that nobody reads holds nobody up`, needs, async (t) => {
    const log = make(t);
    const { child, socket } = await start(t, uid, log, make(t));
    for (let n = 0; n < joins; n += 1) await joinAndLeave(socket);

    let text = '';
    const lines = await until('all lines are read or counted', () => {
      text += log.read();
      const parsed = parse(text.slice(log.filler.length));
      return dropped(parsed) + eventsOf(parsed).length === 1 + 2 * joins && parsed;
    });
    t.equal(text.slice(0, log.filler.length), log.filler);
    t.equal(lines[0]?.event, 'listening');
    t.ok(dropped(lines) > 0, `${dropped(lines)} lines are dropped`);
    const kept = text.slice(log.filler.length, text.indexOf('{"level":"warn"'));
    t.ok(kept.length <= queueBytes + 65_536, `${kept.length} bytes are kept`);
    const peers = lines.flatMap(({ event, peer }) => (event === 'join' ? [peer] : []));
    t.same(
      peers,
      [...peers].sort((a, b) => Number(a) - Number(b)),
      'in their order',
    );
    t.match(lines.find(({ event }) => event === 'dropped')?.msg, /^\d+ log lines were dropped/);

    log.hangUp();
    for (let n = 0; n < 10; n += 1) await joinAndLeave(socket);
    t.equal(await end(child), 0, 'with nobody at the other end, too');
  });
}

t.test('a reader that comes back reads on, and how much it missed', async (t) => {
  const log = emptyPipe(t);
  const { child, socket } = await start(t, process.getuid?.() ?? 0, log, emptyPipe(t));
  log.hangUp();
  for (let n = 0; n < 10; n += 1) await joinAndLeave(socket);
  log.comeBack();
  let text = '';
  const lines = await until('the joins of now and the count of then', async () => {
    await joinAndLeave(socket);
    text += log.read();
    const parsed = parse(text);
    return eventsOf(parsed).length > 1 && dropped(parsed) > 0 && parsed;
  });
  t.ok(dropped(lines) >= 10, 'those of the ten are lost');
  t.equal(await end(child), 0);
});

/** A server of this user with its log and its banner to streams. */
async function start(t: Test, uid: number, log: Unread, banner: Unread) {
  const directory = temp(t);
  chownSync(directory, uid, -1);
  const socket = `${directory}/s`;
  const user = uid === process.getuid?.() ? [] : asUser(uid);
  const argv = [...user, ...ivshmem, 'serve', '--socket', socket, '--ready-fd', '3'];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', ...argv], {
    stdio: ['ignore', banner.rawFd, log.rawFd, 'pipe'],
  });
  const exit = once(child, 'exit');
  t.teardown(async () => {
    child.kill('SIGKILL');
    await exit;
  });
  const ready = await Promise.race([once(child.stdio[3]!, 'data'), exit]);
  t.match(ready, [Buffer.from('ready\n')]);
  return { child, socket };
}

async function end(child: ChildProcess): Promise<unknown> {
  const exit = once(child, 'exit');
  child.kill('SIGTERM');
  const [code] = (await exit) as unknown[];
  return code;
}

/** Connects, reads version and ID, and hangs up. */
async function joinAndLeave(path: string): Promise<void> {
  using socket = await until('room in the backlog', () => connectSocket(path));
  let messages = 0;
  while (messages < 2) {
    if (receiver.receive(socket, 8)) messages += 1;
    else await new Promise((resolve) => setImmediate(resolve));
  }
}

/** The lines that are complete; the one after a failed write begins with an empty one. */
function parse(text: string): LogLine[] {
  const lines = text.split('\n').slice(0, -1);
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as LogLine);
}

function dropped(lines: readonly LogLine[]): number {
  const counts = lines.filter(({ event }) => event === 'dropped');
  return counts.reduce((sum, line) => sum + Number(line['lines']), 0);
}

function eventsOf(lines: readonly LogLine[]): LogLine[] {
  return lines.filter(({ event }) => event !== 'dropped');
}

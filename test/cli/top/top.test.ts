// The live screen, by what a person sees in a terminal of 80 × 24.
import { existsSync, readFileSync, statSync } from 'node:fs';
import t from 'tap';
import { ControlClient } from '../../../src/control/client.js';
import { Peer } from '../../../src/index.js';
import { run, ivshmem } from '../../helper/command.js';
import { configFile } from '../../helper/config-file.js';
import { CountingProxy } from '../../helper/counting-proxy.js';
import { need } from '../../helper/need.js';
import { Child } from '../../helper/child.js';
import { Qemu } from '../../helper/qemu.js';
import { Serve } from '../../helper/serve.js';
import { temp, type Scope } from '../../helper/temp.js';
import { Tmux } from '../../helper/tmux.js';
import { until } from '../../helper/until.js';

const top = [...ivshmem, 'top'].join(' ');

interface Lab {
  readonly directory: string;
  readonly socket: string;
  readonly control: string;
  readonly serve: Serve;
}

async function lab(t: Scope, ...options: readonly string[]): Promise<Lab> {
  const directory = temp(t);
  const [socket, control] = [`${directory}/lab`, `${directory}/control`];
  const serve = await Serve.start(t, ['--socket', socket, '--control', control, ...options]);
  return { directory, socket, control, serve };
}

async function openTop(t: Scope, control: string, ...options: readonly string[]): Promise<Tmux> {
  const tmux = await Tmux.open(t);
  await tmux.type([top, '--control', control, '--interval', '0.2', ...options].join(' '));
  await tmux.until('the screen', (screen) => screen.includes('q quit'));
  return tmux;
}

/** Peers of this process, which take no interrupts. */
async function joinMany(t: Scope, socket: string, count: number): Promise<Peer[]> {
  const peers = await Promise.all(Array.from({ length: count }, () => Peer.connect({ socket })));
  t.teardown(() => {
    for (const peer of peers) peer.close();
  });
  return peers;
}

/** Starts a process of this name that is a peer. */
function joinCalled(t: Scope, name: string, socket: string): void {
  const library = new URL('../../../src/index.js', import.meta.url).href;
  const script = `
    process.title = ${JSON.stringify(name)};
    const { Peer } = await import(${JSON.stringify(library)});
    await Peer.connect({ socket: ${JSON.stringify(socket)} });
    setInterval(() => undefined, 1000);`;
  new Child(t, [process.execPath, '--input-type=module', '-e', script]);
}

async function startQemu(t: Scope, socket: string): Promise<Qemu> {
  const qemu = new Qemu(t, { socket, vectors: 3 });
  await qemu.lives();
  return qemu;
}

const lineWith = (screen: string, word: string): string =>
  screen.split('\n').find((line) => line.includes(word)) ?? '';

t.test(
  'a stopped QEMU whose rings nobody takes stands out, and one that lacks announcements more',
  need('qemu', 'tmux'),
  async (t) => {
    const { socket, control } = await lab(t, '--vectors', '3');
    const [ringer] = await joinMany(t, socket, 1);
    const [, stopped] = [await startQemu(t, socket), await startQemu(t, socket)];
    const tmux = await openTop(t, control);
    const calm = await tmux.until('all three', (screen) => /^lab {2}peers 3 /m.test(screen));
    t.notMatch(calm, /^[!*]/m);

    await until('both are known', () => ringer?.peers.get(2) === 3);
    stopped.stop();
    ringer?.ring(2, 1, 5);
    const waiting = await tmux.until('the rings', (screen) => screen.includes('RINGS'));
    const [, , heading = '', first = ''] = waiting.split('\n');
    t.match(heading, /^ {2}ID VM PROCESS +PID +USER +AGE +UNREAD +STATE +WAITING/);
    t.match(first, /^\* {2}2 - {2}qemu-system-x86 +\d+ \w+ +\d+ \w+ +0 RINGS +0 5 0$/);

    await joinMany(t, socket, 1);
    const stuck = await tmux.until('who is blocked', (screen) => screen.includes('BLOCKED'));
    t.match(stuck.split('\n')[3], /^! {2}2 - {2}qemu-system-x86 .* [1-9]\d* BLOCKED 0 5 0$/);
    t.match(lineWith(await tmux.screen({ withColours: true }), 'BLOCKED'), '\u001b[31m');

    stopped.cont();
    await tmux.until('all is well', (screen) => !/^[!*]/m.test(screen));
  },
);

t.test('VMs that are away, other regions and the last events are seen', need('tmux'), async (t) => {
  const directory = temp(t);
  const [lab, web] = ['lab', 'web'].map((name) => `${directory}/${name}`);
  const config = `regions:
  lab: { socket: ${lab}, vms: { db: { id: 7, user: 0 }, mail: { qemu-name: mail } } }
  web: { socket: ${web} }
`;
  const control = `${directory}/control`;
  await Serve.start(t, ['--config', configFile(t, config), '--control', control]);
  const tmux = await openTop(t, control);
  const first = await tmux.until('the event', (screen) => screen.includes('listening on'));
  t.match(first, /^region 1 of 2 {2}\[lab\] {2}web$/m);
  t.match(first, /^2 away: {2}db \(ID 7\) {2}mail$/m);
  const [peer] = await joinMany(t, `${web}`, 1);
  await tmux.until('the join', (screen) => /^\d\d:\d\d:\d\d web: .*peer 0 joined/m.test(screen));
  await tmux.press('Tab');
  await tmux.until('the other region', (screen) => /^web {2}peers 1 /m.test(screen));
  await tmux.press('p');
  await tmux.until('the pause', (screen) => screen.includes('PAUSED'));
  peer?.close();
  await tmux.press('?');
  await tmux.until('the help', (screen) => screen.includes('its guest does not take them'));
  await tmux.press('Space', 'Space');
  await tmux.until('the leave', (screen) => screen.includes('nobody is there'));
});

t.test(
  '60 peers are scrolled through, and the screen follows the size',
  need('tmux'),
  async (t) => {
    const { socket, control } = await lab(t);
    const peers = await joinMany(t, socket, 60);
    await until('all are there', () => peers.every(({ peers }) => peers.size === 59));
    const tmux = await openTop(t, control, '--region', 'lab');
    // With the last events, which take lines from the peers.
    const begin = await tmux.until(
      'all',
      (screen) => /1–\d+ of 60/.test(screen) && screen.includes('peer 59 joined'),
    );
    t.match(begin, /^ {3}0 /m);
    t.notMatch(begin, /^ {2}59 /m);
    await tmux.press('End');
    await tmux.until(
      'the last',
      (screen) => /^ {2}59 /m.test(screen) && screen.includes('–60 of 60'),
    );
    await tmux.press('Home', 'j', 'Down');
    await tmux.until('two lines on', (screen) => / 3–\d+ of 60|^3–\d+ of 60/m.test(screen));
    await tmux.resize(40, 10);
    const small = await tmux.until('the small screen', (screen) => /^3–8 of 60/m.test(screen));
    t.equal(small.split('\n').filter((line) => line !== '').length, 10);
    t.match(small, /^ {2}ID +VM +.*STATE +WAITING$/m);
    await tmux.press('NPage');
    await tmux.until('a page on', (screen) => /^9–14 of 60/m.test(screen));
    await tmux.resize(120, 40);
    await tmux.until(
      'the large screen',
      (screen) => /^9–\d\d of 60/m.test(screen) && screen.includes('leaves 0.0/s'),
    );
  },
);

t.test(
  'a server that is killed is missed, and seen again when it is back',
  need('tmux'),
  async (t) => {
    const { socket, control, serve } = await lab(t);
    const tmux = await openTop(t, control);
    await joinMany(t, socket, 1);
    await tmux.until('the peer', (screen) => / (?:node|MainThread) /.test(screen));
    await serve.end('SIGKILL');
    const gone = await tmux.until('its end', (screen) => screen.includes('looking again'));
    t.match(
      gone.split('\n')[1],
      /^! no answer since \d\d:\d\d:\d\d, looking again: ECONNREFUSED: connection/,
    );
    t.match(gone, /^lab {2}peers 1 /m);
    const again = await Serve.start(t, ['--socket', socket, '--control', control]);
    const back = await tmux.until('it is back', (screen) => !screen.includes('looking again'));
    t.match(back.split('\n')[0], new RegExp(` pid ${again.pid} `));
    await joinMany(t, socket, 1);
    await tmux.until('its events', (screen) => (screen.match(/joined/g) ?? []).length >= 2);
  },
);

t.test('a server that is stopped is said not to answer', need('tmux'), async (t) => {
  const { control, serve } = await lab(t);
  const tmux = await openTop(t, control);
  serve.kill('SIGSTOP');
  await tmux.until('it does not answer', (screen) => screen.includes('it may be stopped'));
  await tmux.press('q');
  await tmux.until('the shell', (screen) => /[$#]\s*$/.test(screen));
  serve.kill('SIGCONT');
});

for (const [name, end] of [
  ['q', (tmux: Tmux) => tmux.press('q')],
  ['Ctrl-C', (tmux: Tmux) => tmux.press('C-c')],
  ['SIGTERM', terminate],
] as const) {
  t.test(`${name} ends it, and the terminal is as it was`, need('tmux'), async (t) => {
    const { control, directory } = await lab(t);
    const tmux = await Tmux.open(t);
    await tmux.type(`cd ${directory}; stty -a > before; echo before`);
    await tmux.until('the next prompt', (screen) => /^before\n[$#]/m.test(screen));
    await tmux.type(`${withPid(control)}; code=$?; stty -a > after; echo code $code`);
    await tmux.until('the screen', (screen) => screen.includes('q quit'));
    t.strictSame(await tmux.modes(), { isAlternate: true, hasCursor: false });
    await end(tmux, directory);
    const after = await tmux.until('its end', (screen) => /^code 0$/m.test(screen));
    t.match(after, /^before$/m);
    t.notMatch(after, 'q quit');
    t.strictSame(await tmux.modes(), { isAlternate: false, hasCursor: true });
    t.equal(
      readFileSync(`${directory}/after`, 'utf8'),
      readFileSync(`${directory}/before`, 'utf8'),
    );
  });
}

/** The command, which leaves its process ID in the file `pid`. */
function withPid(control: string): string {
  return `sh -c 'echo $$ > pid; exec ${top} --control ${control}'`;
}

async function terminate(_: Tmux, directory: string): Promise<void> {
  process.kill(Number(readFileSync(`${directory}/pid`, 'utf8')), 'SIGTERM');
  return Promise.resolve();
}

t.test('a terminal that goes takes it along', need('tmux'), async (t) => {
  const { control, directory } = await lab(t);
  const tmux = await Tmux.open(t);
  await tmux.type(`cd ${directory}; ${withPid(control)}`);
  await tmux.until('the screen', (screen) => screen.includes('q quit'));
  const pid = readFileSync(`${directory}/pid`, 'utf8').trim();
  t.ok(existsSync(`/proc/${pid}`));
  await tmux.close();
  await until('its end', () => !existsSync(`/proc/${pid}`));
});

t.test('looks at a server where nothing changes write next to nothing', need('tmux'), async (t) => {
  const { socket, control, directory } = await lab(t);
  await joinMany(t, socket, 20);
  const proxy = await CountingProxy.listen(t, control);
  const tmux = await openTop(t, proxy.path);
  await tmux.until('all', (screen) => /^lab {2}peers 20 /m.test(screen));
  const file = `${directory}/bytes`;
  await tmux.record(file);
  await tmux.press('j', 'k');
  const from = await until(
    'it was asked',
    () => proxy.count('/v1/status') > 3 && proxy.count('/v1/status'),
  );
  await until('20 more looks', () => proxy.count('/v1/status') >= from + 20);
  // Ages in seconds are all that changes: a cell or two for each of at most 20 lines.
  t.ok(statSync(file).size < 20 * 500, `${statSync(file).size} bytes`);
});

t.test(
  'a process whose name is made of escape sequences steers nothing',
  need('tmux'),
  async (t) => {
    const { socket, control } = await lab(t);
    joinCalled(t, '\u001b[2J\u001b]0;x', socket);
    const tmux = await openTop(t, control);
    const screen = await tmux.until('the peer', (screen) => screen.includes('\\u{1b}'));
    t.match(screen, /^ {3}0 - {2}"\\u\{1b\}\[2J\\u\{1… /m);
  },
);

t.test('marks on a letter move nothing on the screen', need('tmux'), async (t) => {
  const { socket, control } = await lab(t);
  joinCalled(t, 'e\u0301\u0302\u0303\u0304x', socket);
  const tmux = await openTop(t, control);
  const screen = await tmux.until('the peer', (screen) => screen.includes('é\ufffd'));
  t.match(screen, /^ {3}0 - {2}é\ufffd\ufffd\ufffdx +\d+ \S+ +\d+ s +0 ok +/m);
});

t.test('without a terminal, ivshmem status is what is meant', async (t) => {
  const { code, stdout, stderr } = await run(t, [...ivshmem, 'top']);
  t.strictSame({ code, stdout }, { code: 2, stdout: '' });
  t.match(
    stderr,
    /^ivshmem top: standard input and output are no terminal; use ivshmem status\nSee: /,
  );
});

t.test('an interval that is none, and a word too much, are wrong calls', async (t) => {
  for (const words of [
    ['--interval', '0'],
    ['--interval', 'x'],
    ['--interval', '3601'],
    ['more'],
  ]) {
    const { code, stderr } = await run(t, [...ivshmem, 'top', ...words]);
    t.equal(code, 2);
    t.match(stderr, words.length === 1 ? /unknown/ : /^ivshmem top: --interval: .*0\.1–3600\n/);
  }
});

t.test(
  'no server, or no such region, is said on the screen that was there',
  need('tmux'),
  async (t) => {
    const { control } = await lab(t);
    const tmux = await Tmux.open(t);
    await tmux.type(`${top} --control ${control} --region nowhere; echo code $?`);
    const screen = await tmux.until('its end', (screen) => /^code 1$/m.test(screen));
    t.match(screen, /ivshmem top: .*'nowhere'.*lab/);
    await tmux.type(`clear; ${top} --control ${control}.none; echo code $?`);
    await tmux.until('its end', (screen) => /ENOENT[^]*^code 1$/m.test(screen));
  },
);

t.test('it says that it cannot follow the events, until it can', need('tmux'), async (t) => {
  const { control } = await lab(t);
  const client = new ControlClient(control);
  const followers = Array.from({ length: 16 }, () => client.events({ follow: true }));
  for (const follower of followers) await follower.next();
  const tmux = await openTop(t, control);
  const line = '! no events: 16 follow the events already: let one of them end';
  await tmux.until('that is said', (screen) => screen.includes(line));
  for (const follower of followers) await follower.return();
  await tmux.until('the events', (screen) => {
    return !screen.includes('no events') && screen.includes('listening on');
  });
});

// status, events, evict and reload as an operator calls them: what they print, and how they end.
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import t from 'tap';
import { readProcFile } from '../../native/proc-file.js';
import { ControlClient } from '../../src/control/client.js';
import { asUser } from '../helper/as-user.js';
import { Child } from '../helper/child.js';
import { forEach, ivshmem, run, type Ended } from '../helper/command.js';
import { Controlled } from '../helper/control.js';
import { Ledger } from '../helper/ledger.js';
import { need } from '../helper/need.js';
import { Serve } from '../helper/serve.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { StrictPeer } from '../helper/strict-peer.js';
import { temp, type Scope } from '../helper/temp.js';
import { until } from '../helper/until.js';

const NOBODY = 65_534;

function call(t: Scope, control: string, ...words: string[]): Promise<Ended> {
  return run(t, [...ivshmem, ...words, '--control', control]);
}

t.test('status shows who is there, what they have not read, and rings that wait', async (t) => {
  const lab = await Controlled.start(t, ['--vectors', '2', '--label', 'my lab']);
  const a = await SocketPeer.join(t, lab.socket, { vectors: 2 });
  const stopped = StrictPeer.connect(lab.socket, { vectors: 2, ledger: new Ledger() });
  t.teardown(() => {
    stopped.close();
  });
  await until('it knows the other', () => a.knows(1) === 2);
  for (const vector of [0, 1, 1]) await a.ring(0, vector);
  await until('the other is blocked', async () => {
    const [region] = (await lab.client.status()).regions;
    return region?.peers[1]?.isBlocked;
  });
  const { code, stdout } = await call(t, lab.control, 'status');
  t.equal(code, 0);
  // What Node calls its process is another word from one version to the next.
  const [head, empty, title, sockets, columns, first, second, end] = stdout.split('\n');
  t.match(head, /^ivshmem \d+\.\d+\.\d+, pid \d+, up \d+ s, descriptors \d+ of \d+$/);
  t.match([empty, end], ['', '']);
  t.match(title, /^region lab \(label my lab\): 4M memfd, vectors 2, peers 2 \(\d+ at most, .*\), peer IDs left 65534$/); // prettier-ignore
  t.equal(sockets, `  socket ${lab.socket}, host commands ${lab.socket}.host`);
  t.match(columns, /^ {2}ID {2}VM {2}PROCESS {2} +PID {2}USER {2}AGE {2}UNREAD {2}WAITING$/);
  t.match(
    first,
    new RegExp(`^   0  -   (?:node|MainThread) +${process.pid}  \\S+  \\d+ s       0  1 2$`),
  );
  t.match(second, /^ {3}1 {2}- .* 7 {2}0 0 {6}does not read$/);
});

t.test('status of one region, for programs', async (t) => {
  const directory = temp(t);
  const file = `${directory}/c.yaml`;
  writeFileSync(
    file,
    'control: c\nregions:\n  a: { socket: a }\n  b: { socket: b, vms: { web: { id: 3, socket: w } } }\n',
  );
  await Serve.start(t, ['--config', file]);
  const { code, stdout } = await call(t, `${directory}/c`, 'status', 'b', '--json');
  t.equal(code, 0);
  t.match(JSON.parse(stdout), {
    regions: [
      { name: 'b', vms: [{ name: 'web', id: 3, socket: `${directory}/w`, isPresent: false }] },
    ],
  });
  t.match(await call(t, `${directory}/c`, 'status'), {
    stdout: /region a:.*\n.*\n {2}nobody is there\n\nregion b:[^]*away: web \(peer 3\)\n$/,
  });
});

t.test('what is wrong is one line, with what to do, and the exit code tells', async (t) => {
  const lab = await Controlled.start(t);
  const directory = temp(t);
  const other = createServer((socket) => socket.resume().end('220 hello\r\n')).listen(
    `${directory}/other`,
  );
  t.teardown(() => other.close());
  const cases: readonly (readonly [string[], number, RegExp])[] = [
    [['status', '--control', `${directory}/none`], 1, /^ivshmem status: \S+\/none: ENOENT; start it with --control PATH, or name/], // prettier-ignore
    [['events', '--control', '/dev/null'], 1, /^ivshmem events: \/dev\/null is no socket; /], // prettier-ignore
    [['status', '--control', `${directory}/other`], 1, /no control socket of ivshmem; name a control socket/], // prettier-ignore
    [['status', 'nope', '--control', lab.control], 1, /there is no region 'nope'; there are: lab/],
    [['evict', 'lab', '4', '--control', lab.control], 1, /no peer has the ID 4; see who is there: ivshmem status/], // prettier-ignore
    [['evict', 'nope', '4', '--control', lab.control], 1, /there is no region 'nope'; there are: lab/], // prettier-ignore
    [['events', '--region', 'nope', '--control', lab.control], 1, /there is no region 'nope'; there are: lab/], // prettier-ignore
    [['status', '--control', lab.socket], 1, /lab\.sock is a socket of a region; name a control socket/], // prettier-ignore
    [['status', '--control', `${lab.socket}.host`], 1, /is a socket of a region; name a control socket/], // prettier-ignore
    [['status', '--control', directory], 1, /is no socket; name a control socket/],
    [['evict', 'lab', '65536'], 2, /PEER: 65536 is not in 0–65535/],
    [['evict', '', '1'], 2, /REGION: it is empty/],
    [['serve', '--socket', `${directory}/s`, '--control', `${directory}/s`], 2, /--control: it is the socket of VMs/], // prettier-ignore
    [['reload', '--control', lab.control], 1, /no configuration file/],
    [['evict', 'lab'], 2, /^ivshmem evict: PEER is missing\nSee: ivshmem evict --help\n$/],
    [['evict', 'lab', 'four'], 2, /^ivshmem evict: PEER: 'four' is not an integer in 0–65535/],
    [['status', 'a', 'b'], 2, /^ivshmem status: unknown argument: b/],
    [['status', '--control', ''], 2, /^ivshmem status: --control: an empty path is no socket/],
    [['events', '--folow'], 2, /did you mean --follow\?/],
    [['statsu'], 2, /did you mean status\?/],
  ];
  await forEach(cases, async ([words, code, message]) => {
    const ended = await run(t, [...ivshmem, ...words]);
    t.equal(ended.code, code, words.join(' '));
    t.match(ended.stderr, message, words.join(' '));
    t.equal(ended.stdout, '', words.join(' '));
  });
});

t.test('evict cuts a peer off, and says whom', async (t) => {
  const lab = await Controlled.start(t);
  const peer = await SocketPeer.join(t, lab.socket, { vectors: 1 });
  await SocketPeer.join(t, lab.socket, { vectors: 1 });
  await until('it knows the other', () => peer.knows(1) === 1);
  t.match(await call(t, lab.control, 'evict', 'lab', '1'), {
    code: 0,
    stdout: `peer 1 of lab (pid ${process.pid}, uid ${process.getuid?.()}) is cut off; it keeps its memory and its doorbells\n`,
  });
  await until('the other is told', () => peer.knows(1) === 0);
  t.match(lab.serve.logged('leave'), [{ peer: 1, reason: 'evicted' }]);
  const { stdout } = await call(t, lab.control, 'evict', 'lab', '0', '--json');
  t.match(JSON.parse(stdout), { id: 0, pid: process.pid });
});

t.test('events shows what has been, and with --follow what comes, until Ctrl-C', async (t) => {
  const lab = await Controlled.start(t);
  const { stdout, code } = await call(t, lab.control, 'events');
  t.equal(code, 0);
  t.match(stdout, /^\d\d:\d\d:\d\d info listening on .*\n\d\d:\d\d:\d\d info control socket .*\n$/);
  const follower = new Child(t, [...ivshmem, 'events', '-f', '--json', '--control', lab.control]);
  let text = '';
  follower.stdout.setEncoding('utf8').on('data', (more: string) => (text += more));
  await until('it follows', () => text.includes('listening'));
  await SocketPeer.join(t, lab.socket, { vectors: 1 });
  await until('it is told', () => text.includes('"join"'));
  for (const line of text.trim().split('\n')) t.ok(JSON.parse(line));
  follower.kill('SIGINT');
  t.match(await follower.exit, { code: 0, stderr: '' });
});

t.test('events of another day have its date', async (t) => {
  const control = `${temp(t)}/c`;
  const event = { time: '2020-01-02T12:00:00.000Z', level: 'info', event: 'join', msg: 'hello' };
  const server = createServer((socket) => {
    socket.once('data', () => {
      socket.end(`HTTP/1.1 200 OK\r\nServer: ivshmem/9\r\n\r\n${JSON.stringify(event)}\n`);
    });
  }).listen(control);
  t.teardown(() => server.close());
  t.match(await call(t, control, 'events'), {
    code: 0,
    stdout: /^2020-01-0[123] \d\d:\d\d:\d\d info hello\n$/,
  });
});

t.test('who follows is told that the server has ended, and ends with 1', async (t) => {
  const lab = await Controlled.start(t);
  const follower = new Child(t, [...ivshmem, 'events', '--follow', '--control', lab.control]);
  let text = '';
  follower.stdout.setEncoding('utf8').on('data', (more: string) => (text += more));
  await until('it follows', () => text.includes('listening'));
  await lab.serve.end('SIGTERM');
  t.match(await follower.exit, { code: 1, stderr: 'ivshmem events: the server has ended\n' });
  t.match(text, /info SIGTERM: peers may read/);
});

t.test('of the only region all events are, whose own line does not name it', async (t) => {
  const lab = await Controlled.start(t);
  const all = await call(t, lab.control, 'events');
  t.equal((await call(t, lab.control, 'events', '--region', 'lab')).stdout, all.stdout);
  t.match(all.stdout, 'listening on');
});

t.test(
  'to take the socket of VMs, or host commands, for the control socket costs nothing',
  async (t) => {
    const directory = temp(t);
    const file = `${directory}/c.yaml`;
    const [a, b] = [
      '{ socket: a, host-socket: h, vms: { web: { socket: w } } }',
      '{ socket: b, host-socket: false }',
    ];
    writeFileSync(file, `control: c\nregions:\n  a: ${a}\n  b: ${b}\n`);
    const serve = await Serve.start(t, ['--config', file]);
    symlinkSync('w', `${directory}/link`);
    await forEach(['a', 'b', 'h', 'w', 'link'], async (name) => {
      const path = `${directory}/${name}`;
      const more = name === 'w' ? [['events', '-f'], ['evict', 'a', '0'], ['reload']] : [];
      for (const words of [['status'], ...more]) {
        const { code, stderr } = await call(t, path, ...words);
        t.equal(code, 1);
        t.match(stderr, 'is a socket of a region; name a control socket with --control\n');
      }
      const { code, stdout } = await call(t, path, 'doctor', '--socket', `${directory}/a`);
      t.equal(code, 1);
      t.match(stdout, /error {4}doorbells: .* is a socket of a region/);
    });
    for (const name of ['a', 'b'])
      t.equal((await SocketPeer.join(t, `${directory}/${name}`, { vectors: 1 })).id, 0);
    await until('the joins are logged', () => serve.logged('join').length >= 2);
    t.equal(serve.logged('join').length, 2, 'and none before them');
  },
);

t.test(
  'a link to a control socket, and one whose lock another server left, are asked',
  async (t) => {
    const directory = temp(t);
    writeFileSync(`${directory}/c.lock`, '', { mode: 0o600 });
    writeFileSync(`${directory}/s.lock`, '', { mode: 0o400 });
    await Serve.start(t, ['--socket', `${directory}/s`, '--control', `${directory}/c`]);
    symlinkSync('c', `${directory}/link`);
    t.match(await call(t, `${directory}/link`, 'status'), { code: 0 });
    t.match(await call(t, `${directory}/s`, 'status'), { code: 1, stderr: /socket of a region/ });
  },
);

for (const [name, body] of Object.entries({
  'an empty object': '{}',
  null: 'null',
  'another list': '{"regions": 3}',
  'no JSON': 'hello',
})) {
  t.test(`what answers ${name} is not believed to be a server`, async (t) => {
    const control = `${temp(t)}/c`;
    for (const head of ['', 'Server: ivshmem/9\r\n']) {
      const server = createServer((socket) => {
        socket.once('data', () => {
          socket.end(`HTTP/1.1 200 OK\r\n${head}Content-Length: ${body.length}\r\n\r\n${body}`);
        });
      }).listen(control);
      const { code, stderr } = await call(t, control, 'status');
      server.close();
      t.match({ code, stderr }, { code: 1, stderr: /no control socket of ivshmem/ }, head);
    }
  });
}

t.test('events of one region leave those of others out', async (t) => {
  const directory = temp(t);
  writeFileSync(
    `${directory}/c.yaml`,
    'control: c\nregions: { a: { socket: a }, b: { socket: b } }',
  );
  await Serve.start(t, ['--config', `${directory}/c.yaml`]);
  const { stdout } = await call(t, `${directory}/c`, 'events', '--region', 'b', '--json');
  t.same(
    stdout
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { region: string }).region),
    ['b'],
  );
});

t.test('a reader that ends ends a command without a word', async (t) => {
  const lab = await Controlled.start(t);
  const command = [...ivshmem, 'events', '--follow', '--control', lab.control].join(' ');
  const child = new Child(t, ['bash', '-c', `${command} | head -n 1; exit \${PIPESTATUS[0]}`]);
  // It finds that out when it has something to say.
  await until('it has ended', async () => {
    (await SocketPeer.join(t, lab.socket, { vectors: 1 })).leave();
    return !child.alive;
  });
  t.match(await child.exit, { code: 0, stderr: '' });
});

t.test('a full disk is the fault of standard output, and not of the control socket', async (t) => {
  const lab = await Controlled.start(t);
  await forEach([['status'], ['status', '--json'], ['events'], ['events', '-f']], async (words) => {
    const command = [...ivshmem, ...words, '--control', lab.control].join(' ');
    const { code, stderr } = await run(t, ['sh', '-c', `exec ${command} >/dev/full`]);
    t.equal(code, 1);
    t.match(stderr, /^ivshmem \w+: standard output: ENOSPC: no space left on device, write\n$/);
  });
});

t.test('reload goes by the control socket, even where it may not join', async (t) => {
  const directory = temp(t);
  const file = `${directory}/c.yaml`;
  const write = (more: string): void => {
    writeFileSync(
      file,
      `control: ${more}\nregions:\n  a: { socket: a, access: [{ user: 4242 }] }\n`,
    );
  };
  write('c');
  await Serve.start(t, ['--config', file]);
  t.match(await call(t, `${directory}/c`, 'reload'), { code: 0, stdout: 'reloaded: kept a\n' });
  write('d');
  t.match(await call(t, `${directory}/c`, 'reload'), {
    code: 1,
    stdout: 'reloaded: kept a\n',
    stderr: `ivshmem reload: control stays ${directory}/c, and does not become ${directory}/d; restart the server\n`,
  });
  rmSync(file);
  t.match(await call(t, `${directory}/c`, 'reload'), { code: 1, stdout: 'nothing was changed\n' });
});

t.test('another user is told whose it is', need('root'), async (t) => {
  const lab = await Controlled.start(t);
  chmodSync(lab.control.replace(/\/[^/]*$/, ''), 0o755);
  const words = [...ivshmem, 'status', '--control', lab.control];
  t.match(await run(t, [...asUser(NOBODY), ...words]), {
    code: 1,
    stderr: /: EACCES; it is for the user of the server and for root: run this as one of them\n$/,
  });
});

t.test(
  'a server that became another user has its control socket, and no right',
  need('root'),
  async (t) => {
    const directory = temp(t);
    chmodSync(directory, 0o777);
    const control = `${directory}/c`;
    const serve = await Serve.start(t, ['--socket', `${directory}/s`, '--control', control, '--user', 'nobody']); // prettier-ignore
    const peer = await SocketPeer.join(t, `${directory}/s`, { vectors: 1 });
    const { stdout } = await call(t, control, 'status', '--json');
    t.match(JSON.parse(stdout), {
      pid: serve.pid,
      regions: [{ peers: [{ id: peer.id, user: 'root' }] }],
    });
    t.match(await run(t, [...asUser(NOBODY), ...ivshmem, 'status', '--control', control]), {
      code: 0,
    });
  },
);

t.test('a server that hangs up without an answer is no bug of the command', async (t) => {
  const control = `${temp(t)}/c`;
  const server = createServer((socket) => socket.resume().end()).listen(control);
  t.teardown(() => server.close());
  t.match(await run(t, [...ivshmem, 'status', '--control', control]), {
    code: 1,
    stderr: `ivshmem status: ${control}: ECONNRESET; the server has ended, or is too busy: look again\n`,
  });
});

t.test('what cannot be put away at the end is one line each', need('root'), async (t) => {
  const directory = temp(t);
  chmodSync(directory, 0o755);
  const control = `${directory}/c`;
  const args = ['--socket', `${directory}/s`, '--control', control, '--user', 'nobody'];
  const serve = await Serve.start(t, args);
  t.ok((await call(t, control, 'status')).stdout);
  const { code, stderr } = await serve.end('SIGTERM');
  t.equal(code, 1);
  for (const line of stderr.trim().split('\n')) t.ok(JSON.parse(line), line);
  t.match(stderr, /the control socket stays: EACCES/);
});

t.test(
  'its front has no right left either, and none of the descriptors of the peers',
  need('root'),
  async (t) => {
    const directory = temp(t);
    chmodSync(directory, 0o777);
    const args = ['--socket', `${directory}/s`, '--control', `${directory}/c`, '--user', 'nobody'];
    const serve = await Serve.start(t, args);
    await SocketPeer.join(t, `${directory}/s`, { vectors: 1 });
    t.equal((await call(t, `${directory}/c`, 'status')).code, 0);
    const front = Number(readFileSync(`/proc/${serve.pid}/task/${serve.pid}/children`, 'latin1'));
    const status = readFileSync(`/proc/${front}/status`, 'latin1');
    t.match(status, /^Uid:\t65534\t65534\t65534\t65534$/m);
    t.match(status, /^CapEff:\t0+$/m);
    t.match(status, /^CapPrm:\t0+$/m);
    const targetOf = (fd: string): string => {
      try {
        return readlinkSync(`/proc/${front}/fd/${fd}`);
      } catch {
        return '';
      }
    };
    const open = readdirSync(`/proc/${front}/fd`).map(targetOf);
    t.same(
      open.filter((target) => /memfd|\.lock/.test(target)),
      [],
    );
    // One that is listed may be closed by the time that it is read.
    const idsOf = (pid: number): string[] =>
      readdirSync(`/proc/${pid}/fd`).flatMap(
        (fd) => /eventfd-id:.*/.exec(readProcFile(`/proc/${pid}/fdinfo/${fd}`) ?? '') ?? [],
      );
    const { doorbells: own } = (await new ControlClient(`${directory}/c`).region('s')).peers[0] ?? {
      doorbells: [],
    };
    for (const { eventfdId } of own)
      t.notOk(idsOf(front).some((line) => line.endsWith(` ${eventfdId}`)));
    serve.kill('SIGKILL');
    await until('the front has ended, too', () => !existsSync(`/proc/${front}`));
  },
);

t.test(
  'a server that may not look into the directory of its control socket serves',
  need('root'),
  async (t) => {
    const [directory, closed] = [temp(t), temp(t)];
    chmodSync(directory, 0o777);
    chmodSync(closed, 0o700);
    const args = ['--socket', `${directory}/s`, '--control', `${closed}/c`, '--user', 'nobody'];
    const serve = await Serve.start(t, args);
    t.equal((await SocketPeer.join(t, `${directory}/s`, { vectors: 1 })).id, 0);
    t.match(await call(t, `${closed}/c`, 'status'), { code: 0 });
    t.ok(serve.alive);
  },
);

t.test(
  'thirty who ask for a reload at once share two: the one that is on, and the next',
  async (t) => {
    const directory = temp(t);
    const [file, control] = [`${directory}/c.yaml`, `${directory}/c`];
    writeFileSync(file, 'control: c\nregions: { a: { socket: a } }\n');
    const serve = await Serve.start(t, ['--config', file]);
    const client = new ControlClient(control);
    const reports = await Promise.all(Array.from({ length: 30 }, () => client.reload()));
    for (const { summary } of reports) t.equal(summary, 'reloaded: kept a');
    await until('both are logged', () => serve.logged('reload').length >= 2);
    t.equal(serve.logged('reload').length, 2);
  },
);

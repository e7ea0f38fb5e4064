// `ivshmem serve` on sockets that were open before it: systemd's, a script's, s6's.
import { chmodSync, existsSync, lstatSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { ControlClient } from '../../src/control/client.js';
import { connectSocket } from '../../native/unix-socket.js';
import { Child } from '../helper/child.js';
import { ivshmem, run } from '../helper/command.js';
import { Datagrams } from '../helper/datagrams.js';
import { need } from '../helper/need.js';
import { Qemu } from '../helper/qemu.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';

const activate = need('socket-activate');
const serve = [...ivshmem, 'serve', '--log-format', 'json'];

/** A server that starts when somebody connects to one of these sockets. */
class Activated {
  readonly child: Child;

  constructor(
    t: Test,
    sockets: Readonly<Record<string, string>>,
    args: readonly string[] = [],
    env: readonly string[] = [],
  ) {
    const listen = Object.keys(sockets).flatMap((path) => ['-l', path]);
    const names = Object.values(sockets).join(':');
    const command = [
      'systemd-socket-activate',
      ...listen,
      ...(names === '' ? [] : [`--fdname=${names}`]),
    ];
    this.child = new Child(t, [
      ...command,
      ...env.flatMap((one) => ['-E', one]),
      ...serve,
      ...args,
    ]);
  }

  /** Resolves when the sockets are there. */
  async listens(): Promise<this> {
    await until('the sockets', () => / as \d+\.\nListening|as \d+\.\n$/.test(this.child.stderr));
    return this;
  }

  /** The log's line of an event. */
  async logged(event: string): Promise<string> {
    const line = (): string | undefined =>
      this.child.stderr.split('\n').find((text) => text.includes(`"event":"${event}"`));
    return until(
      `${event} in the log`,
      () => line() ?? (this.child.alive ? undefined : this.child.stderr),
    );
  }
}

/** A configuration of regions, at their paths in this directory. */
function configure(directory: string, regions: Readonly<Record<string, string>>): string {
  const file = `${directory}/ivshmem.yaml`;
  const lines = Object.entries(regions).map(
    ([name, more]) => `  ${name}: { size: 64K, ${more} }\n`,
  );
  writeFileSync(file, `regions:\n${lines.join('')}`);
  return file;
}

t.test(
  'a QEMU that connects starts the server, and is served',
  need('socket-activate', 'qemu'),
  async (t) => {
    const socket = `${temp(t)}/s`;
    const server = await new Activated(t, { [socket]: 'lab' }, ['--vectors', '2']).listens();
    t.notMatch(server.child.stderr, 'listening', 'nobody serves yet');
    const qemu = new Qemu(t, { socket, vectors: 2 });
    t.ok(await qemu.lives());
    t.match(await server.logged('join'), '"peer":0');
    server.child.kill('SIGTERM');
    t.equal((await server.child.exit).code, 0);
    t.ok(await qemu.lives());
  },
);

t.test(
  'a server that is started by a connection tells its manager',
  need('socket-activate', 'unix-dgram'),
  async (t) => {
    const socket = `${temp(t)}/s`;
    const manager = new Datagrams(t);
    const env = [`NOTIFY_SOCKET=${manager.address}`];
    await new Activated(t, { [socket]: 'lab' }, [], env).listens();
    t.same(manager.all, []);
    t.equal((await SocketPeer.join(t, socket, { vectors: 1 })).id, 0);
    await manager.wait('READY=1');
    await manager.wait('STATUS=1 region, 1 peer');
  },
);

t.test('a socket that nobody can connect to is served, and said', activate, async (t) => {
  const [socket, gone] = [`${temp(t)}/s`, `${temp(t)}/gone`];
  const server = await new Activated(t, { [socket]: 'lab', [gone]: 'host' }).listens();
  rmSync(gone);
  const peer = await SocketPeer.join(t, socket, { vectors: 1 });
  t.equal(peer.id, 0);
  t.match(server.child.stderr, /"code":"socket-gone".*nobody can connect to \S+\/gone \('host'\)/);
});

t.test('a control socket that is not where it was asked for is said', activate, async (t) => {
  const [socket, control, asked] = [`${temp(t)}/s`, `${temp(t)}/c`, `${temp(t)}/asked`];
  const sockets = { [socket]: 'lab', [control]: 'control' };
  const server = await new Activated(t, sockets, ['--control', asked]).listens();
  await SocketPeer.join(t, socket, { vectors: 1 });
  const moved = server.child.stderr.split('\n').filter((line) => line.includes('socket-moved'));
  t.match(moved, [
    `the control socket is ${control}, where it was opened for us, and not ${asked}`,
  ]);
  t.equal(moved.length, 1, 'nobody asked for the default socket');
});

for (const [mode, isOpen] of [
  [0o600, false],
  [0o644, false],
  [0o755, false],
  [0o620, true],
  [0o602, true],
] as const) {
  const what = `a control socket of mode 0${mode.toString(8)}`;
  t.test(`${what} is ${isOpen ? '' : 'not '}said to be open to others`, activate, async (t) => {
    const [socket, control] = [`${temp(t)}/s`, `${temp(t)}/c`];
    const sockets = { [socket]: 'lab', [control]: 'control' };
    const server = await new Activated(t, sockets).listens();
    chmodSync(control, mode);
    await SocketPeer.join(t, socket, { vectors: 1 });
    const said = server.child.stderr.split('\n').filter((line) => line.includes('control-mode'));
    t.equal(said.length, isOpen ? 1 : 0);
    if (isOpen) t.match(said, [`the control socket ${control} has mode 0${mode.toString(8)}: `]);
  });
}

t.test(
  'several named sockets are those of regions, of host commands and of VMs',
  activate,
  async (t) => {
    const directory = temp(t);
    const path = (name: string): string => `${directory}/${name}`;
    const config = configure(directory, {
      lab: `socket: ${path('lab')}, vms: { web: { socket: ${path('web')}, id: 7 } }`,
      desk: `socket: ${path('desk')}`,
    });
    const sockets = {
      [path('x')]: 'desk',
      [path('lab')]: 'lab',
      [path('lab.host')]: 'lab',
      [path('y')]: 'lab.web',
      [path('z')]: 'control',
      [path('tea')]: 'tea',
    };
    const server = await new Activated(t, sockets, ['--config', config]).listens();
    t.equal((await SocketPeer.join(t, path('lab'), { vectors: 1 })).id, 0);
    t.equal((await SocketPeer.join(t, path('x'), { vectors: 1 })).id, 0, 'another region');
    t.equal((await SocketPeer.join(t, path('y'), { vectors: 1 })).id, 7, 'the VM that has a name');
    const status = await new ControlClient(path('z')).status();
    t.same(
      status.regions.map(({ name }) => name),
      ['lab', 'desk'],
      'and the one called control is that',
    );
    const { stdout, stderr } = await run(t, [...ivshmem, 'qemu-args', '--socket', path('lab')]);
    t.match(stdout, `path=${path('lab')}`, stderr);
    const warnings = server.child.stderr.match(/"code":"[a-z-]+"/g);
    t.same(warnings?.sort(), [
      '"code":"host-socket"',
      '"code":"socket-moved"',
      '"code":"socket-moved"',
      '"code":"socket-unused"',
    ]);
    t.match(server.child.stderr, "nobody serves $DIR/tea ('tea')".replace('$DIR', directory));
    server.child.kill('SIGTERM');
    t.equal((await server.child.exit).code, 0);
    t.same(
      readdirSync(directory).sort(),
      [...Object.keys(sockets), config].map((file) => file.slice(directory.length + 1)).sort(),
    );
  },
);

t.test(
  'the environment of an activated server says nothing of it any more',
  activate,
  async (t) => {
    const socket = `${temp(t)}/s`;
    const script = `
    const { InheritedSockets } = await import(${JSON.stringify(new URL('../../src/control/inherited-sockets.js', import.meta.url).href)});
    const all = new InheritedSockets(process.env);
    console.log(all.sockets.map(({ name }) => name).join());
    console.log(Object.keys(process.env).filter((name) => name.startsWith('LISTEN')).length);`;
    const command = [
      'systemd-socket-activate',
      '-l',
      socket,
      '-l',
      `${socket}.c`,
      '--fdname=a:control',
    ];
    const child = new Child(t, [...command, process.execPath, '--input-type=module', '-e', script]);
    let stdout = '';
    child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
    await until('the sockets', () => existsSync(`${socket}.c`) && child.stderr.includes('as 4.'));
    connectSocket(socket)?.close();
    t.equal((await child.exit).code, 0, child.stderr);
    t.equal(stdout, 'a,control\n0\n');
  },
);

t.test(
  'a server that becomes another user leaves its sockets as they are',
  need('socket-activate', 'root'),
  async (t) => {
    const directory = temp(t);
    chmodSync(directory, 0o755);
    const socket = `${directory}/s`;
    const server = await new Activated(t, { [socket]: 'a' }, [
      '--user',
      'nobody',
      '--socket-mode',
      '0666',
    ]).listens();
    const before = lstatSync(socket);
    const peer = await SocketPeer.join(t, socket, { vectors: 1 });
    t.equal(peer.id, 0);
    server.child.kill('SIGTERM');
    t.equal((await server.child.exit).code, 0, 'although its lock lies in a directory of root');
    const after = lstatSync(socket);
    for (const what of ['mode', 'ino', 'uid', 'gid'] as const)
      t.equal(after[what], before[what], what);
  },
);

t.test(
  'a reload brings a region whose socket was left over, and is sent to the server',
  activate,
  async (t) => {
    const directory = temp(t);
    const [a, b] = [`${directory}/a`, `${directory}/b`];
    const regions = { a: `socket: ${a}` };
    const config = configure(directory, regions);
    // Who opens the sockets is not who serves: the kernel would name the former.
    const other = ['sh', '-c', `sh -c 'export LISTEN_PID=$$; exec "$@"' sh "$@" & wait`, 'sh'];
    const listen = [a, `${a}.host`, b].flatMap((path) => ['-l', path]);
    const child = new Child(t, [
      'systemd-socket-activate',
      ...listen,
      ...other,
      ...serve,
      '--config',
      config,
    ]);
    await until('the sockets', () => child.stderr.includes('as 5.'));
    const joins = SocketPeer.join(t, b, { vectors: 1 });
    await until(
      'the warning',
      () => child.stderr.includes('"code":"socket-unused"') || !child.alive,
    );
    configure(directory, { ...regions, b: `socket: ${b}` });
    const { code, stdout, stderr } = await run(t, [...ivshmem, 'reload', '--socket', a]);
    t.equal(code, 0, stderr);
    t.match(stdout, 'added b');
    t.equal((await joins).id, 0, 'who waited is served');
    configure(directory, regions);
    t.equal((await run(t, [...ivshmem, 'reload', '--socket', a])).code, 0);
    configure(directory, { ...regions, b: `socket: ${b}` });
    const again = SocketPeer.join(t, b, { vectors: 1 });
    const back = await run(t, [...ivshmem, 'reload', '--socket', a]);
    t.equal(back.code, 0, back.stderr);
    t.equal((await again).id, 0, 'and again when the region has come back');
  },
);

t.test(
  'a socket whose region cannot move is served, and nobody says otherwise',
  activate,
  async (t) => {
    const directory = temp(t);
    const [a, b] = [`${directory}/a`, `${directory}/b`];
    const control = ['--control', `${directory}/control`];
    const config = configure(directory, { lab: `socket: ${a}` });
    const sockets = { [a]: 'x', [b]: 'y' };
    const server = await new Activated(t, sockets, ['--config', config, ...control]).listens();
    t.equal((await SocketPeer.join(t, a, { vectors: 1 })).id, 0);
    configure(directory, { lab: `socket: ${directory}/c` });
    const { stderr } = await run(t, [...ivshmem, 'reload', ...control]);
    t.match(stderr, 'socket stays');
    t.equal((await SocketPeer.join(t, a, { vectors: 1 })).id, 1);
    const unserved = server.child.stderr.match(/nobody serves \S+/g);
    t.same(
      unserved,
      [`nobody serves ${b}`, `nobody serves ${b}`],
      'at the start, and at the reload',
    );
  },
);

t.test('the first question to a server that it starts leads to the server', activate, async (t) => {
  const directory = temp(t);
  const a = `${directory}/a`;
  const config = configure(directory, { a: `socket: ${a}` });
  const other = ['sh', '-c', `sh -c 'export LISTEN_PID=$$; exec "$@"' sh "$@" & wait`, 'sh'];
  const listen = [a, `${a}.host`].flatMap((path) => ['-l', path]);
  const child = new Child(t, [
    'systemd-socket-activate',
    ...listen,
    ...other,
    ...serve,
    '--config',
    config,
  ]);
  await until('the sockets', () => child.stderr.includes('as 4.'));
  const { code, stdout, stderr } = await run(t, [...ivshmem, 'reload', '--socket', a]);
  t.equal(code, 0, stderr);
  t.match(stdout, 'reloaded: kept a');
  t.ok(child.alive, 'who opened the socket got no signal');
});

/** Opens a listening socket under a descriptor and becomes the command, as s6-ipcserver-socketbinder does. */
const binder = (path: string, fd: number, how = 'listen'): string[] => [
  'python3',
  '-c',
  `import socket,os,sys
how,path,fd=sys.argv[1],sys.argv[2],int(sys.argv[3])
s=socket.socket(socket.AF_INET if how=='inet' else socket.AF_UNIX,socket.SOCK_DGRAM if how=='dgram' else socket.SOCK_STREAM)
s.bind(('127.0.0.1',0) if how=='inet' else path)
if how in ('listen','inet'): s.listen(5)
os.dup2(s.fileno(),fd)
os.set_inheritable(fd,True)
os.execvp(sys.argv[4],sys.argv[4:])`,
  how,
  path,
  String(fd),
];

for (const fd of [0, 3, 9]) {
  t.test(`--fd ${fd}: a script's socket is served`, async (t) => {
    const directory = temp(t);
    const socket = `${directory}/s`;
    const args = ['--fd', String(fd), '--host-socket', `${directory}/h`];
    const child = new Child(t, [...binder(socket, fd), ...serve, ...args]);
    await until('it listens', () => child.stderr.includes('"listening"') || !child.alive);
    t.equal((await SocketPeer.join(t, socket, { vectors: 1 })).id, 0);
    const { code, stdout } = await run(t, [
      ...ivshmem,
      'qemu-args',
      '--host-socket',
      `${directory}/h`,
    ]);
    t.equal(code, 0);
    t.match(stdout, `path=${socket}`);
    child.kill('SIGTERM');
    t.equal((await child.exit).code, 0);
    t.same(readdirSync(directory), ['s']);
  });
}

const wrong: Readonly<
  Record<string, readonly [how: string, args: readonly string[], env: string, says: string]>
> = {
  'a number that is none': [
    'listen',
    ['--fd', 'x'],
    '',
    "--fd: 'x' is not an integer in 0–2147483647",
  ],
  'a number that is not open': ['listen', ['--fd', '99'], '', '--fd: descriptor 99 is not open'],
  'a socket of the network': [
    'inet',
    ['--fd', '3'],
    '',
    '--fd: descriptor 3 is a socket of another family',
  ],
  'a datagram socket': [
    'dgram',
    ['--fd', '3'],
    '',
    '--fd: descriptor 3 is a socket of another type',
  ],
  'a socket that does not listen': [
    'bind',
    ['--fd', '3'],
    '',
    '--fd: descriptor 3 is a socket that does not listen',
  ],
  'a path beside the number': ['listen', ['--fd', '3', '--socket', 's'], '', 'leave out --socket'],
  'a file beside the number': ['listen', ['--fd', '3', '--config', 'f'], '', 'leave out --fd'],
  'a number that systemd passed': [
    'listen',
    ['--fd', '3'],
    'LISTEN_FDS=1',
    '--fd: descriptor 3 was passed by systemd already',
  ],
  'more than were passed': ['listen', [], 'LISTEN_FDS=2', 'LISTEN_FDS: descriptor 4 is no'],
  'far more than were passed': ['listen', [], 'LISTEN_FDS=900', 'LISTEN_FDS: descriptor 4 is no'],
  'a number of them that is none': [
    'listen',
    [],
    'LISTEN_FDS=many',
    "LISTEN_FDS: 'many' is not 0–1024",
  ],
  'one socket under two numbers': [
    'listen',
    [],
    'LISTEN_FDS=2; exec 4<&3',
    'LISTEN_FDS: descriptors 3 and 4 are both',
  ],
  'names for more': [
    'listen',
    [],
    'LISTEN_FDS=1 LISTEN_FDNAMES=a:b',
    'LISTEN_FDNAMES: 2 names for 1 descriptors',
  ],
};

for (const [what, [how, args, env, says]] of Object.entries(wrong)) {
  t.test(`${what} is an error, and nothing is made`, async (t) => {
    const directory = temp(t);
    const own = ['sh', '-c', `export LISTEN_PID=$$ ${env}; exec "$@"`, 'sh'];
    const { code, stderr } = await run(t, [
      ...binder(`${directory}/s`, 3, how),
      ...own,
      ...ivshmem,
      'serve',
      ...args,
    ]);
    t.equal(code, 2, stderr);
    t.match(stderr, says);
    const [, ...rest] = stderr.trimEnd().split('\n');
    // What is in the environment, no help explains.
    t.same(rest, says.startsWith('LISTEN_') ? [] : ['See: ivshmem serve --help']);
    t.notOk(readdirSync(directory).some((name) => name !== 's'));
  });
}

t.test("what is another process's is not taken", async (t) => {
  const directory = temp(t);
  const env = ['env', 'LISTEN_PID=1', 'LISTEN_FDS=nonsense', 'LISTEN_FDNAMES=a:b:c'];
  const child = new Child(t, [...env, ...serve, '--socket', `${directory}/s`]);
  await until('it listens', () => child.stderr.includes('"listening"') || !child.alive);
  t.ok(child.alive, child.stderr);
  t.same(readdirSync(directory).sort(), ['s', 's.host', 's.host.lock', 's.lock']);
});

// `ivshmem doctor` as a program. What each check finds, test/control/doctor knows.
import { chmodSync, chownSync } from 'node:fs';
import t, { type Test } from 'tap';
import { asUser } from '../helper/as-user.js';
import { ivshmem, run, type Ended } from '../helper/command.js';
import { impostor } from '../helper/impostor.js';
import { Lab } from '../helper/lab.js';
import { need } from '../helper/need.js';
import { Qemu } from '../helper/qemu.js';
import { temp } from '../helper/temp.js';

const NOBODY = 65_534;

interface Found {
  readonly check: string;
  readonly severity: string;
  readonly subject: string;
  readonly message: string;
  readonly remedy?: string;
}

function doctor(t: Test, words: readonly string[], before: readonly string[] = []): Promise<Ended> {
  return run(t, [...before, ...ivshmem, 'doctor', ...words]);
}

function findings({ stdout }: Ended): Found[] {
  return JSON.parse(stdout) as Found[];
}

/** Goes before a command: nothing else of this machine is seen, nor left where it looks. */
const alone = [
  ...['unshare', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child', 'sh', '-ec'],
  `for place in /run /dev/shm; do mount -t tmpfs tmpfs $place; done
   ulimit -n 4096; "$@"`,
  'sh',
];

const script = `
  out=$1; shift
  mkfifo /run/up
  "$@" serve --vectors 2 --control /run/ivshmem-control.sock --ready-fd 9 \\
    9>/run/up >/dev/null 2>/run/log &
  read -r _ </run/up
  vm() {
    qemu-system-x86_64 -machine q35 -accel tcg -S -m 16M -display none -nodefaults -monitor none \\
      -chardev socket,path=/run/ivshmem.sock,id=c -device ivshmem-doorbell,chardev=c,vectors=2 "$@" </dev/null &
  }
  vm; vm -name web
  while [ "$(grep -c '"event":"join"' /run/log)" -lt 2 ]; do sleep 0.05; done
  "$@" doctor $out`;

t.test('a healthy lab has no finding at all', need('qemu', 'root'), async (t) => {
  const argv = [...alone, 'sh', '-ec', script, 'sh'];
  const { code, stdout, stderr } = await run(t, [...argv, '--json', ...ivshmem]);
  t.same([code, stderr], [0, '']);
  const found = JSON.parse(stdout) as Found[];
  t.strictSame(
    found.filter(({ severity, check }) => severity !== 'ok' && check !== 'hidden'),
    [],
  );
  t.match(
    found.filter(({ check }) => check === 'hidden'),
    [{ severity: 'note', subject: 'this container' }],
  );
});

t.test('an error makes the exit code 1, a warning does not', async (t) => {
  const { socket } = await Lab.start(t);
  const words = ['--json', '--socket', `${temp(t)}/s`];
  const args = ['-chardev', `socket,path=${socket},id=c,reconnect=1`];
  const device = ['-device', 'ivshmem-doorbell,chardev=c'];
  const stranger = await impostor(t, { args: [...args, ...device] });
  const ended = await doctor(t, words);
  t.equal(ended.code, 1);
  t.match(
    findings(ended).filter(({ subject }) => subject === `QEMU ${stranger.pid}`),
    [{ check: 'reconnect', severity: 'error' }],
  );
});

t.test('a server that was named, and does not answer, is an error', async (t) => {
  const lab = await Lab.start(t);
  const look = async (control: string): Promise<Ended> =>
    doctor(t, ['--json', '--socket', lab.socket, '--control', control]);
  const ofServer = (ended: Ended): Found[] =>
    findings(ended).filter(({ check, subject }) => check === 'doorbells' && subject === 'server');
  t.strictSame(ofServer(await look(lab.control)), []);
  const none = await look(`${temp(t)}/none`);
  t.equal(none.code, 1);
  t.match(ofServer(none), [{ severity: 'error', remedy: /start it with --control/ }]);
  await lab.serve.end('SIGKILL');
  const dead = await look(lab.control);
  t.equal(dead.code, 1);
  t.match(ofServer(dead), [{ severity: 'error', remedy: /start it again/ }]);
});

t.test('no server at the default place is a note', need('root'), async (t) => {
  const { stdout } = await run(t, [...alone, ...ivshmem, 'doctor', '--json']);
  t.match(
    (JSON.parse(stdout) as Found[]).filter(({ check }) => check === 'doorbells'),
    [{ severity: 'note', message: /none answers/, remedy: /--control/ }],
  );
});

t.test('for people faults come first, with what to do, and then what is fine', async (t) => {
  const lab = await Lab.start(t, []);
  await lab.serve.end('SIGKILL');
  const { stdout } = await doctor(t, ['--socket', lab.socket, '--control', lab.control]);
  t.match(stdout, `warning  stale-files: ${lab.socket}: nobody serves at this socket`);
  t.match(stdout, /\n {9}-> start its server again, which replaces it, or: rm /);
  t.match(stdout, /error {4}doorbells: server: none answers on a control socket \(.*ECONNREFUSED/);
  t.match(stdout, /\nok {7}huge-pages: |\nwarning {2}huge-pages: /);
  t.match(stdout, /\d+ errors?, \d+ warnings?, \d+ checks fine\n$/);
  t.ok(stdout.indexOf('stale-files') < stdout.indexOf('ok       '));
});

t.test('colour is for terminals alone, and not for all of them', async (t) => {
  const words = ['doctor', '--socket', `${temp(t)}/s`];
  const inTerminal = (setting: string): Promise<Ended> =>
    run(t, ['script', '-qec', [setting, ...ivshmem, ...words].join(' '), '/dev/null']);
  t.match((await inTerminal('env -u NO_COLOR TERM=xterm')).stdout, '\u001b[32mok     \u001b[39m');
  t.notMatch((await inTerminal('env NO_COLOR=1 TERM=xterm')).stdout, '\u001b[');
  t.notMatch((await inTerminal('env -u NO_COLOR TERM=dumb')).stdout, '\u001b[');
  t.notMatch((await doctor(t, words.slice(1))).stdout, '\u001b[');
});

t.test(
  "what is another user's is said, and what everybody may see is looked at",
  need('root', 'qemu'),
  async (t) => {
    const lab = await Lab.start(t);
    const qemu = new Qemu(t, { socket: lab.socket });
    await lab.settled(1);
    const look = async (): Promise<Found[]> =>
      findings(await doctor(t, ['--json', '--socket', '/nowhere/s'], asUser(NOBODY)));
    const before = await look();
    t.match(
      before.filter(({ check, subject }) => check === 'hidden' && /QEMUs?$/.test(subject)),
      [{ severity: 'note', remedy: /run this as root to look at \d+ more/ }],
    );
    const ofIt = (all: Found[]): Found[] =>
      all.filter(({ subject }) => subject === `QEMU ${qemu.pid}`);
    t.strictSame(ofIt(before), []);
    await lab.serve.end('SIGKILL');
    t.match(ofIt(await look()), [
      { check: 'left-behind', severity: 'warning', message: /^nobody serves at .* any more/ },
    ]);
  },
);

t.test('who reads no further ends it without a word', async (t) => {
  const command = [...ivshmem, 'doctor', '--socket', `${temp(t)}/s`].join(' ');
  const { stderr } = await run(t, ['bash', '-c', `${command} | true`]);
  t.equal(stderr, '');
});

t.test('called wrongly it ends with 2', async (t) => {
  for (const words of [
    ['more'],
    ['--socket', ''],
    ['--socket', `/${'x'.repeat(300)}`],
    ['--control', ''],
    ['--jsn'],
  ]) {
    const { code, stdout, stderr } = await doctor(t, words);
    t.equal(code, 2, words.join(' '));
    t.equal(stdout, '');
    t.match(stderr, /^ivshmem doctor: .*\nSee: ivshmem doctor --help\n$/);
  }
});

t.test("a stranger's control socket is not believed", need('root'), async (t) => {
  const directory = temp(t);
  chmodSync(directory, 0o755);
  const { control } = await Lab.start(t, [], { directory });
  chownSync(control, 1, 1);
  chmodSync(control, 0o777);
  const words = ['--json', '--socket', '/nowhere/s', '--control', control];
  const asNobody = findings(await doctor(t, words, asUser(NOBODY)));
  t.match(
    asNobody.filter(({ check }) => check === 'doorbells'),
    [
      {
        severity: 'error',
        message: new RegExp(`user 1 has ${control}`),
        remedy: /^if its server is meant, run this as root/,
      },
    ],
  );
  const asRoot = findings(await doctor(t, words));
  t.match(
    asRoot.filter(({ check }) => check === 'doorbells'),
    [{ severity: 'note', message: 'no attached QEMU is there to be looked at' }],
  );
});

t.test('without /proc it says so, in a line', need('root'), async (t) => {
  const command = `mount -t tmpfs tmpfs /proc; exec "$@"`;
  const argv = ['unshare', '--mount', 'sh', '-ec', command, 'sh', ...ivshmem, 'doctor'];
  const { code, stdout, stderr } = await run(t, argv);
  t.same([code, stdout], [1, '']);
  t.match(stderr, /^ivshmem doctor: \/proc is not there.*; mount it: mount -t proc proc \/proc\n$/);
});

/** A dead server's lock file, and a stopped stranger's lock on the same inode of another file system. */
const sameInode = `
  mkdir /run/a /run/b; mount -t tmpfs a /run/a; mount -t tmpfs b /run/b
  mkfifo /run/up
  "$@" serve --socket /run/a/s --ready-fd 9 9>/run/up >/dev/null 2>&1 & server=$!
  read -r _ </run/up
  kill -KILL $server; wait $server || true
  n=1; : >/run/b/$n
  while [ $n -lt 100 ] && [ $(stat -c %i /run/b/$n) -ne $(stat -c %i /run/a/s.lock) ]; do
    n=$((n + 1)); : >/run/b/$n
  done
  flock --no-fork /run/b/$n sleep 1000 & stranger=$!
  while ! grep -q ":$(stat -c %i /run/a/s.lock) " /proc/locks; do sleep 0.05; done
  kill -STOP $stranger
  exec "$@" doctor --json --socket /run/a/s`;

t.test("a stranger's lock on the same inode elsewhere is nobody's", need('root'), async (t) => {
  const found = findings(await run(t, [...alone, 'sh', '-ec', sameInode, 'sh', ...ivshmem]));
  t.match(
    found.filter(({ subject }) => subject === '/run/a/s'),
    [{ check: 'stale-files', severity: 'warning', message: /its server died/ }],
  );
  for (const { remedy = '' } of found) t.notMatch(remedy, 'kill ');
});

const severalServers = `
  mkdir /run/ivshmem
  for name in lab web; do
    mkfifo /run/up-$name
    "$@" serve --socket /run/ivshmem/$name.sock --control /run/ivshmem/$name.control.sock --ready-fd 9 \\
      9>/run/up-$name >/dev/null 2>&1 &
    read -r _ </run/up-$name
  done
  "$@" doctor --json`;

t.test('of several servers it asks for a name, and denies none', need('root'), async (t) => {
  const ended = await run(t, [...alone, 'sh', '-ec', severalServers, 'sh', ...ivshmem]);
  const found = findings(ended);
  t.equal(ended.code, 0);
  const list = '/run/ivshmem/lab.control.sock, /run/ivshmem/web.control.sock';
  t.match(
    found.filter(({ check }) => check === 'doorbells'),
    [
      {
        severity: 'note',
        message: `several servers are here: name one of ${list}: peers and doorbells are not looked at`,
        remedy: /--control/,
      },
    ],
  );
  for (const check of ['descriptors', 'permissions', 'lost-sockets'])
    t.match(
      found.filter((one) => one.check === check),
      [{ severity: 'note', message: /none of the servers here was asked$/, remedy: /--control/ }],
      check,
    );
  for (const { message } of found) t.notMatch(message, /none answers|is there to be looked at/);
});

t.test("to an ordinary user the remedy for root's lab is root", need('root'), async (t) => {
  const directory = temp(t);
  chmodSync(directory, 0o755);
  const { socket, control } = await Lab.start(t, [], { directory });
  const words = ['--json', '--socket', socket, '--control', control];
  const asNobody = findings(await doctor(t, words, asUser(NOBODY)));
  const about = ({ check, subject }: Found): boolean =>
    check === 'doorbells' || (check === 'hidden' && subject === socket);
  t.match(asNobody.filter(about), [
    { check: 'doorbells', severity: 'error', remedy: /root: run this as one of them$/ },
    { check: 'hidden', severity: 'note', message: /another user's/, remedy: 'run this as root' },
  ]);
  t.match(findings(await doctor(t, words)).filter(about), [
    { check: 'doorbells', severity: 'note', message: /no attached QEMU/ },
  ]);
});

// A server that root starts and that becomes another user.
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import t from 'tap';
import { connectSocket } from '../../native/unix-socket.js';
import { asUser } from '../helper/as-user.js';
import { Child } from '../helper/child.js';
import { ivshmem, run } from '../helper/command.js';
import { need } from '../helper/need.js';
import { Qemu } from '../helper/qemu.js';
import { Serve } from '../helper/serve.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { temp, type Scope } from '../helper/temp.js';
import { until } from '../helper/until.js';

const NOBODY = 65_534;

/** A directory of another user's. */
function directoryOf(t: Scope, uid: number): string {
  const parent = temp(t);
  chmodSync(parent, 0o711);
  const directory = `${parent}/of-another`;
  mkdirSync(directory, 0o755);
  chownSync(directory, uid, uid);
  return directory;
}

t.test('it has no right of root left, and serves', need('root', 'qemu'), async (t) => {
  const directory = directoryOf(t, NOBODY);
  const args = ['--socket', `${directory}/s`, '--user', 'nobody', '--vectors', '2'];
  const serve = await Serve.start(t, args);
  const status = readFileSync(`/proc/${serve.pid}/status`, 'latin1');
  const field = (name: string): string =>
    new RegExp(`^${name}:\\s*(.*?)\\s*$`, 'm').exec(status)?.[1] ?? '';
  const [uids, gids] = [field('Uid').split('\t'), field('Gid').split('\t')];
  t.same(new Set([...uids, ...gids]), new Set([String(NOBODY)]));
  t.equal(field('Groups'), String(NOBODY));
  for (const capabilities of ['CapPrm', 'CapEff', 'CapAmb'])
    t.equal(BigInt(`0x${field(capabilities)}`), 0n, capabilities);
  const qemu = new Qemu(t, { socket: `${directory}/s`, vectors: 2 });
  t.ok(await qemu.lives());
  await SocketPeer.join(t, `${directory}/s`, { vectors: 2 });
  t.equal((await serve.end('SIGTERM')).code, 0);
  t.same(readdirSync(directory), [], 'and puts its sockets away');
});

t.test('it writes its pid file, and finds its configuration, as root', need('root'), async (t) => {
  const directory = directoryOf(t, 0);
  const args = ['--socket', `${directory}/s`, '--user', 'nobody', '--pid-file', `${directory}/pid`];
  const serve = await Serve.start(t, args);
  t.equal(readFileSync(`${directory}/pid`, 'latin1'), `${serve.pid}\n`);
  const { code, stderr } = await serve.end('SIGTERM');
  t.equal(code, 1, 'what lies in a directory of root it cannot remove');
  t.match(stderr, 'EACCES');
});

t.test('what root made for it is its own: it can change and remove it', need('root'), async (t) => {
  const directory = directoryOf(t, NOBODY);
  const shm = `ivshmem-test-confine-${process.pid}`;
  t.teardown(() => rmSync(`/dev/shm/${shm}`, { force: true }));
  const write = (mode: string): void => {
    const region = `{ socket: s, socket-mode: "${mode}", shm-name: ${shm}, size: 1M }`;
    writeFileSync(`${directory}/ivshmem.yaml`, `regions:\n  a: ${region}\n`);
  };
  write('0600');
  const args = ['--config', `${directory}/ivshmem.yaml`, '--user', 'nobody'];
  const serve = await Serve.start(t, args);
  write('0660');
  const { code, stderr } = await run(t, [...ivshmem, 'reload', '--socket', `${directory}/s`]);
  t.equal(code, 0, stderr);
  t.equal(statSync(`${directory}/s`).mode & 0o777, 0o660);
  t.equal(statSync(`/dev/shm/${shm}`).uid, NOBODY);
  t.equal((await serve.end('SIGTERM')).code, 0);
  t.same(readdirSync(directory), ['ivshmem.yaml']);
  t.notOk(existsSync(`/dev/shm/${shm}.lock`), 'where only owners may remove');
});

t.test('its descriptors in flight are counted from then on', need('root'), async (t) => {
  const directory = directoryOf(t, NOBODY);
  const args = ['--socket', `${directory}/s`, '--user', 'nobody', '--vectors', '32'];
  const serve = await Serve.start(t, args, { fdLimit: 1_024 });
  const stopped = [];
  for (let i = 0; i < 12; i++) stopped.push(connectSocket(`${directory}/s`));
  const healthy = await SocketPeer.join(t, `${directory}/s`, { vectors: 32 });
  t.equal(healthy.id, 12, 'twelve that read nothing keep nobody from joining');
  t.same(serve.logged('error'), []);
  for (const socket of stopped) socket?.close();
});

t.test('it needs no network and no new privileges', need('root', 'qemu'), async (t) => {
  const directory = directoryOf(t, NOBODY);
  const nothing = ['unshare', '--net', 'setpriv', '--no-new-privs'];
  const argv = [...nothing, ...asUser(NOBODY), ...ivshmem];
  const child = new Child(t, [...argv, 'serve', '--socket', `${directory}/s`, '--vectors', '2']);
  // The second socket is there when the first one listens.
  const isServing = (): boolean => readdirSync(directory).includes('s.host');
  await until('it serves or ends', () => isServing() || !child.alive);
  t.ok(child.alive, child.stderr);
  const qemu = new Qemu(t, { socket: `${directory}/s`, vectors: 2 });
  t.ok(await qemu.lives());
  child.kill('SIGTERM');
  t.equal((await child.exit).code, 0);
  t.same(readdirSync(directory), []);
});

const wrong: Readonly<Record<string, readonly [flags: string[], before: string[], says: string]>> =
  {
    'a user that is not there': [['--user', 'no-such-user'], [], "there is no user 'no-such-user'"],
    'a number': [['--user', '65534'], [], "there is no user '65534'"],
    'an ordinary user': [['--user', 'root'], asUser(NOBODY), "only root can become 'root'"],
  };

for (const [what, [flags, before, says]] of Object.entries(wrong)) {
  t.test(`${what} is refused before anything is made`, need('root'), async (t) => {
    const directory = directoryOf(t, NOBODY);
    const argv = [...before, ...ivshmem, 'serve', '--socket', `${directory}/s`, ...flags];
    const { code, stderr } = await run(t, argv);
    t.equal(code, 2);
    t.match(stderr, `--user: ${says}`);
    t.same(readdirSync(directory), []);
  });
}

t.test('who is that user already needs no root', need('root'), async (t) => {
  const directory = directoryOf(t, NOBODY);
  const argv = [...asUser(NOBODY), ...ivshmem, 'serve', '--socket', `${directory}/s`];
  const child = new Child(t, [...argv, '--user', 'nobody']);
  await until('it serves', () => readdirSync(directory).includes('s'));
  child.kill('SIGTERM');
  t.equal((await child.exit).code, 0);
});

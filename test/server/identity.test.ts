// Who the kernel says that somebody is: real processes of other users, units and namespaces.
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import t, { type Test } from 'tap';
import { Fd } from '../../native/fd.js';
import {
  acceptSocket,
  bindSocket,
  createUnixSocket,
  listenSocket,
  peerCredentials,
} from '../../native/unix-socket.js';
import { resolveRule } from '../../src/server/identity-rule.js';
import { Identity, matches } from '../../src/server/identity.js';
import { asUser } from '../helper/as-user.js';
import { inCgroup } from '../helper/cgroup.js';
import { Child } from '../helper/child.js';
import { failing } from '../helper/fault.js';
import { longCommandLine } from '../helper/long-command-line.js';
import { need } from '../helper/need.js';
import { Qemu } from '../helper/qemu.js';
import { Stranger } from '../helper/stranger.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';

const uid = 100_000 + process.pid;
const gid = uid + 1;
const group = uid + 2;

/** A socket that everybody may connect to, and who is the next that does. */
function door(t: Test): { path: string; next: () => Promise<Identity> } {
  const path = `${temp(t)}/s`;
  const listener = createUnixSocket();
  t.teardown(() => listener.close());
  bindSocket(listener, path);
  chmodSync(dirname(path), 0o755);
  chmodSync(path, 0o666);
  listenSocket(listener, 10);
  const next = async (): Promise<Identity> => {
    const socket = await until('somebody connects', () => acceptSocket(listener));
    t.teardown(() => socket.close());
    return new Identity(socket, peerCredentials(socket));
  };
  return { path, next };
}

function fits(identity: Identity, options: Parameters<typeof resolveRule>[1]): boolean {
  return matches(resolveRule('rule', options)!, identity);
}

t.test('the kernel vouches for user, group and further groups', need('root'), async (t) => {
  const { path, next } = door(t);
  new Stranger(t, path, { as: asUser(uid, gid, [group]) });
  const other = await next();
  t.match(other.credentials, { uid, gid });
  t.same(other.groups, [gid, group]);
  t.ok(fits(other, { user: uid }) && fits(other, { user: String(uid) }));
  t.ok(fits(other, { group: gid }) && fits(other, { group }) && fits(other, { user: uid, group }));
  t.notOk(fits(other, { user: 'root' }) || fits(other, { group: 'root' }));
  t.notOk(fits(other, { user: uid, group: 'root' }), 'all that is given has to be so');
  t.notOk(fits(other, { group: uid }), "a user's number is no group's");
  t.notOk(fits(other, { user: uid, qemuName: 'web' }), 'it is no QEMU');
});

t.test(
  'a unit is that of the process, and of nobody in it',
  need('root', 'cgroup', 'pidfd'),
  async (t) => {
    const { path, next } = door(t);
    const as = [...inCgroup(t, 'web.service'), ...asUser(uid)];
    new Stranger(t, path, { as });
    const web = await next();
    const [slice = '', unit] = web.units;
    t.equal(unit, 'web.service');
    t.match(slice, /^ivshmemtest.*\.slice$/);
    t.ok(fits(web, { unit: 'web.service', user: uid }) && fits(web, { unit: slice }));
    t.notOk(fits(web, { unit: 'web.service', user: 0 }) || fits(web, { unit: 'web.scope' }));
    new Stranger(t, path, { as: [...inCgroup(t, 'evil.service/web.service'), ...asUser(uid)] });
    t.notOk(fits(await next(), { unit: 'web.service' }), 'whoever made it is not systemd');
  },
);

t.test(
  'who is gone has no unit, and is the user that it was',
  need('root', 'cgroup', 'pidfd'),
  async (t) => {
    const { path, next } = door(t);
    const { child } = new Stranger(t, path, {
      as: [...inCgroup(t, 'web.service'), ...asUser(uid)],
    });
    const web = await next();
    child.kill('SIGKILL');
    await child.exit;
    t.notOk(fits(web, { unit: '*' }));
    t.ok(fits(web, { user: uid }));
  },
);

t.test(
  'a kernel that cannot hold a process knows no unit',
  need('root', 'cgroup', 'pidfd'),
  async (t) => {
    const { path, next } = door(t);
    new Stranger(t, path, { as: inCgroup(t, 'web.service') });
    const web = await next();
    failing(t, 'getsockopt', 'ENOPROTOOPT');
    t.same(web.units, []);
    for (const rule of [{ unit: '*' }, { qemuName: 'web' }]) {
      const error = { code: 'ERR_IVSHMEM_OPTION', message: /Linux 6\.5/ };
      t.throws(
        () => resolveRule('access[0]', rule),
        error,
        'and no rule asks for what nobody can fit',
      );
    }
  },
);

/** Connects, leaves the connection to a heir, and goes: what its number was. */
async function connectAndGo(t: Test, path: string): Promise<number> {
  const script = `const s = require('net').connect(process.argv[1], () => {
    const stdio = ['inherit', s._handle, 'ignore'];
    const heir = require('child_process').spawn('cat', { stdio, detached: true });
    heir.once('spawn', () => process.exit());
  });`;
  const { pid, exit } = new Child(t, [process.execPath, '-e', script, path]);
  if ((await exit).code !== 0) throw new Error('it did not connect');
  return pid;
}

t.test(
  'who passes its connection on and goes leaves its user, and no unit',
  need('pidfd'),
  async (t) => {
    const { path, next } = door(t);
    const pid = await connectAndGo(t, path);
    const heir = await next();
    const user = process.getuid?.();
    t.same(heir.credentials, { pid, uid: user, gid: process.getgid?.() });
    t.ok(fits(heir, { user }));
    t.notOk(fits(heir, { unit: '*' }) || fits(heir, { unit: '*', user }));
    t.same(heir.units, []);
  },
);

t.test(
  'who has the number of one that is gone is not taken for it',
  need('root', 'cgroup', 'pidfd'),
  async (t) => {
    const { path, next } = door(t);
    const pid = await connectAndGo(t, path);
    const as = inCgroup(t, 'web.service');
    await until('somebody else has its number', () => {
      writeFileSync('/proc/sys/kernel/ns_last_pid', String(pid - 1));
      const other = new Child(t, [...as, 'sleep', '60']);
      if (other.pid !== pid) other.kill('SIGKILL');
      return other.pid === pid;
    });
    await until('it is in its unit', () =>
      readFileSync(`/proc/${pid}/cgroup`, 'utf8').endsWith('/web.service\n'),
    );
    const old = await next();
    t.equal(old.credentials.pid, pid, 'the kernel still calls it so');
    t.notOk(fits(old, { unit: 'web.service' }));
  },
);

t.test('without a descriptor to look with, nothing is said', need('pidfd'), async (t) => {
  const { path, next } = door(t);
  new Stranger(t, path);
  const somebody = await next();
  const before = Fd.open;
  failing(t, 'getsockopt', 'EMFILE');
  t.throws(() => fits(somebody, { unit: '*' }), { code: 'EMFILE' });
  t.equal(Fd.open, before);
});

t.test('a real QEMU has the name that it was given', need('qemu', 'pidfd'), async (t) => {
  const { path, next } = door(t);
  const qemu = new Qemu(t, { socket: path, before: ['-name', 'guest=web,debug-threads=on'] });
  const web = await next();
  t.equal(web.credentials.pid, qemu.pid);
  t.equal(web.qemuName, 'web');
  t.ok(fits(web, { qemuName: 'web' }));
  t.notOk(fits(web, { qemuName: 'db' }));
  await qemu.kill();
});

t.test(
  'a command line of 400 MiB blocks and ends nobody, and says no name',
  need('cc', 'pidfd'),
  async (t) => {
    for (const mebibytes of [1, 400]) {
      const { path, next } = door(t);
      const child = new Child(t, longCommandLine(t, path, mebibytes));
      const hog = await next();
      t.equal(hog.credentials.pid, child.pid);
      const before = performance.now();
      t.notOk(fits(hog, { qemuName: 'web' }), `${mebibytes} MiB`);
      t.ok(performance.now() - before < 1_000, 'and the loop goes on');
    }
  },
);

t.test('a thousand rules about names look at a command line once', need('pidfd'), async (t) => {
  const { path, next } = door(t);
  // 128 KiB of arguments without a letter: as many as a command line may have.
  const args = Array.from({ length: 120_000 }, () => '');
  const script = `require('net').connect(process.argv[1]).resume()`;
  new Child(t, [process.execPath, '-e', script, path, ...args]);
  const somebody = await next();
  const before = performance.now();
  const names = new Set(Array.from({ length: 1_000 }, () => somebody.qemuName));
  t.same([...names], [undefined]);
  t.ok(performance.now() - before < 1_000);
});

t.test('a rule that says nothing is none; what it says has to make sense', async (t) => {
  t.equal(resolveRule('access[0]', {}), undefined);
  for (const [field, value] of [
    ['user', 'no such user'],
    ['group', 'no such group'],
    ['unit', 'web'],
    ['qemuName', ''],
  ] as const) {
    t.throws(() => resolveRule('access[0]', { [field]: value }), {
      code: 'ERR_IVSHMEM_OPTION',
      option: `access[0].${field}`,
    });
  }
});

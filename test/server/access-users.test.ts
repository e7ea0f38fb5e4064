// Who may join, where the kernel itself vouches for another: real processes of other users, groups, units
// and namespaces, each of which is told whether it may.
import { chmodSync } from 'node:fs';
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { descriptorCount } from '../../native/descriptor-limit.js';
import type { AccessRule, ServerOptions } from '../../src/index.js';
import { asUser } from '../helper/as-user.js';
import { inCgroup } from '../helper/cgroup.js';
import { Child } from '../helper/child.js';
import { Ledger } from '../helper/ledger.js';
import { need } from '../helper/need.js';
import { Region } from '../helper/region.js';
import { Stranger } from '../helper/stranger.js';
import { StrictPeer } from '../helper/strict-peer.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';

const vectors = 2;
const uid = 100_000 + process.pid;
const [gid, group, other] = [uid + 1, uid + 2, uid + 3];
const program = fileURLToPath(new URL('serve-access.js', import.meta.url));

/** A region whose sockets let everybody connect. */
async function open(t: Test, options: Partial<ServerOptions>): Promise<Region> {
  const region = await Region.listenWithHost(t, { vectors, socketMode: 0o666, ...options });
  chmodSync(dirname(region.socket), 0o755);
  return region;
}

/** Somebody, by what goes before a command. */
type Who = (t: Test) => string[];

const friend: Who = () => asUser(uid, gid, [group]);
const stranger: Who = () => asUser(other);
const inUnit = (path: string, who: Who) => (t: Test) => [...inCgroup(t, path), ...who(t)];
const userUnit = 'user.slice/user-7.slice/user@7.service/web.service';

const rules: readonly (readonly [rule: AccessRule, fits: Who, fitsNot: Who])[] = [
  [{ user: uid }, friend, stranger],
  [{ user: String(uid), group: gid }, friend, () => asUser(uid)],
  [{ group: gid }, friend, stranger],
  [{ group }, friend, () => asUser(uid, gid)],
  [{ unit: 'web.service' }, inUnit('web.service', stranger), inUnit('db.service', stranger)],
  [{ unit: 'web-*.scope' }, inUnit('web-1.scope', friend), inUnit('web-1.service', friend)],
  [{ unit: 'customer.slice' }, inUnit('customer.slice/a.scope', friend), inUnit('a.scope', friend)],
  [
    { unit: 'web.service', user: uid },
    inUnit('web.service', friend),
    inUnit('web.service', stranger),
  ],
  [{ unit: 'web.service' }, inUnit('web.service/below', friend), inUnit(userUnit, friend)],
  [{ unit: 'user@7.service/web.service' }, inUnit(userUnit, friend), inUnit('web.service', friend)],
  [{ unit: 'web.service' }, inUnit('web.service', friend), inUnit('a.service/web.service', friend)],
];
for (const [index, [rule, fits, fitsNot]] of rules.entries()) {
  const needs = rule.unit === undefined ? need('root') : need('root', 'cgroup', 'pidfd');
  t.test(`rule ${index}: ${JSON.stringify(rule)}`, needs, async (t) => {
    const region = await open(t, { access: [rule] });
    const doors = [region.socket, region.hostSocket];
    const welcome = doors.map((door) => new Stranger(t, door, { as: fits(t) }));
    const refused = doors.map((door) => new Stranger(t, door, { as: fitsNot(t) }));
    for (const one of welcome) t.same(await one.versions(), [0]);
    for (const one of refused) t.same(await one.versions(), [-13]);
    t.same([region.joins, region.refusals.length], [2, 2]);
  });
}

t.test('root is let in by a rule, like anybody', need('root'), async (t) => {
  const region = await open(t, { access: [{ user: uid }] });
  t.same(await new Stranger(t, region.socket).versions(), [-13]);
});

t.test('a hundred strangers leave nothing, and friends do not notice', need('root'), async (t) => {
  const region = await open(t, { access: [{ user: uid }, { user: 'root' }] });
  const options = { vectors, ledger: new Ledger() };
  const a = await StrictPeer.join(t, region.socket, options);
  const b = await StrictPeer.join(t, region.socket, options);
  await until('they know each other', () => a.read() >= 0 && a.told.get(b.id) === vectors);
  const before = descriptorCount('self')! + 3; // of the pipes to the process below
  const crowd = new Stranger(t, region.socket, { as: stranger(t), count: 100 });
  t.same(await crowd.versions(100), new Array(100).fill(-13));
  t.ok(descriptorCount('self')! <= before);
  t.equal(a.read() + b.read(), 0);
  t.same([region.joins, region.leaves, region.server.idsLeft], [2, 0, 65_534]);
  t.match(region.refusals.at(-1), {
    message: new RegExp(`^no rule of access fits user ${other}, group ${other}, unit `),
    credentials: { uid: other, gid: other },
  });
});

t.test(
  'nobody writes into the log by the name of a unit',
  need('root', 'cgroup', 'pidfd'),
  async (t) => {
    const region = await open(t, { access: [] });
    const as = [...inCgroup(t, 'a\x1b[31m\r\u2028ü.service'), ...stranger(t)];
    t.same(await new Stranger(t, region.socket, { as }).versions(), [-13]);
    t.match(region.refusals[0]?.message, /, unit a\?\[31m\?\?\?\.service$/);
  },
);

t.test('one user has so many peers, another as many', need('root'), async (t) => {
  const region = await open(t, { maxPeersPerUser: 2 });
  const crowd = new Stranger(t, region.socket, { as: friend(t), count: 5 });
  t.same((await crowd.versions(5)).sort(), [-122, -122, -122, 0, 0]);
  const others = new Stranger(t, region.socket, { as: stranger(t), count: 2 });
  t.same(await others.versions(2), [0, 0]);
  crowd.child.kill('SIGKILL');
  await region.left(2);
  t.same(await new Stranger(t, region.socket, { as: friend(t), count: 2 }).versions(2), [0, 0]);
});

/** A server behind this, that ends with the test; what it says. */
async function serveIn(
  t: Test,
  before: readonly string[],
  access: readonly AccessRule[],
): Promise<{ socket: string; said: () => string }> {
  const socket = `${temp(t)}/s`;
  chmodSync(dirname(socket), 0o755);
  const options = JSON.stringify({ socket, socketMode: 0o666, access });
  const child = new Child(t, [...before, process.execPath, program, options]);
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  await until('it is ready', () => {
    if (!child.alive) throw new Error(child.stderr);
    return said.startsWith('ready\n');
  });
  return { socket, said: () => said };
}

const inPidNamespace = ['unshare', '--pid', '--fork', '--kill-child', '--mount-proc'];

t.test(
  'of another PID namespace the kernel vouches for the user, and for no unit',
  need('root', 'cgroup', 'pidfd'),
  async (t) => {
    const access = [{ unit: '*', user: other }, { user: uid }];
    const { socket, said } = await serveIn(t, inPidNamespace, access);
    const as = inUnit('web.service', stranger)(t);
    t.same(await new Stranger(t, socket, { as }).versions(), [-13]);
    t.same(await new Stranger(t, socket, { as: friend(t) }).versions(), [0]);
    const lines = [`refuse pid 0 uid ${other} access: .*unit unknown`, `join pid 0 uid ${uid}`];
    await until('both are told', () => lines.every((line) => new RegExp(line).test(said())));
  },
);

t.test(
  'of a container’s process the server outside knows the unit',
  need('root', 'cgroup', 'pidfd'),
  async (t) => {
    const region = await open(t, { access: [{ unit: 'web.service' }] });
    const as = [...inCgroup(t, 'web.service'), ...inPidNamespace, ...stranger(t)];
    t.same(await new Stranger(t, region.socket, { as }).versions(), [0]);
  },
);

t.test(
  'in a user namespace nobody is the user of those without a number',
  need('root'),
  async (t) => {
    const before = ['unshare', '--user', '--map-root-user'];
    const rules = [{ user: 65_534 }, { group: 65_534 }, { user: 0, group: 0 }];
    const { socket, said } = await serveIn(t, before, rules);
    t.same(await new Stranger(t, socket, { as: stranger(t) }).versions(), [-13]);
    t.same(await new Stranger(t, socket).versions(), [0], 'who has a number is known by it');
    await until('it is told', () => /refuse pid \d+ uid 65534 access/.test(said()));
  },
);

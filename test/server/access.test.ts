// Who may join, in the test's own process: what rules say, and that nothing is left of who is refused.
import t from 'tap';
import { descriptorCount } from '../../native/descriptor-limit.js';
import { connectSocket } from '../../native/unix-socket.js';
import { ask } from '../../src/peer/ask.js';
import { askBy, readToEnd } from '../helper/asker.js';
import { failing } from '../helper/fault.js';
import { Ledger } from '../helper/ledger.js';
import { MessageReader } from '../helper/message-reader.js';
import { need } from '../helper/need.js';
import { Region } from '../helper/region.js';
import { StrictPeer } from '../helper/strict-peer.js';
import { until } from '../helper/until.js';

const user = process.getuid?.() ?? 0;
const vectors = 2;

/** What is sent to who connects, until the end; empty when it has no end. */
async function answers(path: string): Promise<string[]> {
  const reader = new MessageReader(connectSocket(path)!);
  const texts: string[] = [];
  await until('the end', () => {
    reader.read(({ text }) => texts.push(text));
    return reader.isOver;
  });
  reader.close();
  return texts;
}

t.test('a list without rules lets in nobody, whichever way', async (t) => {
  const region = await Region.listenWithHost(t, { access: [] });
  t.same(await answers(region.socket), ['f3ffffffffffffff'], 'minus 13, EACCES, and nothing else');
  t.same(await answers(region.hostSocket), ['f3ffffffffffffff']);
  await t.rejects(ask(region.hostSocket), { code: 'ERR_IVSHMEM_REFUSED', refusal: -13 });
  t.equal(await readToEnd(askBy(t, region.hostSocket)), '\xf3\xff\xff\xff\xff\xff\xff\xff');
  t.equal(region.refusals.length, 4, 'each is told once');
  t.equal(region.joins, 0);
  t.equal(region.server.idsLeft, 65_536);
});

t.test('a refusal says who, why and what to do', async (t) => {
  const region = await Region.listen(t, { access: [{ user: 4_294_967_294 }] });
  await answers(region.socket);
  const { reason, message, remedy, credentials } = await region.refused();
  t.equal(reason, 'access');
  t.match(message, new RegExp(`^no rule of access fits user ${user}, group \\d+.*, unit \\S+$`));
  t.match(remedy, new RegExp(`access: user ${user}\\b`));
  t.match(credentials, { pid: process.pid, uid: user });
});

t.test('one rule that fits is enough, and it may ask', async (t) => {
  const access = [{ user: 4_294_967_294 }, { user, group: process.getgid?.() ?? 0 }];
  const region = await Region.listenWithHost(t, { access });
  const peer = await StrictPeer.join(t, region.socket, { vectors: 1, ledger: new Ledger() });
  t.equal(peer.id, 0);
  t.match(await ask(region.hostSocket), { nextId: 1 });
});

t.test('without rules nothing more is asked of the kernel', async (t) => {
  const region = await Region.listen(t, {});
  const asked = failing(t, 'getsockopt', 'EIO', { after: Infinity });
  await StrictPeer.join(t, region.socket, { vectors: 1, ledger: new Ledger() });
  t.equal(asked.calls, 1, 'the credentials');
});

t.test('a hundred who are refused leave nothing, and are not noticed', async (t) => {
  const region = await Region.listenWithHost(t, {
    vectors,
    access: [{ user }],
    maxPeersPerUser: 2,
  });
  const options = { vectors, ledger: new Ledger(), rings: true };
  const a = await StrictPeer.join(t, region.socket, options);
  const b = await StrictPeer.join(t, region.socket, options);
  await until('they know each other', () => a.read() >= 0 && a.told.get(b.id) === vectors);
  const before = descriptorCount('self');
  for (let count = 0; count < 100; count += 1)
    t.same(await answers(region.socket), ['86ffffffffffffff'], 'minus 122, EDQUOT');
  t.equal(descriptorCount('self'), before);
  t.equal(a.read() + b.read(), 0);
  t.match(region.refusals.at(-1), {
    reason: 'user-peers',
    message: new RegExp(`user ${user} has 2 peers here, and may have 2`),
    remedy: /maxPeersPerUser/,
  });
  t.same([region.refusals.length, region.joins, region.leaves], [100, 2, 0]);
});

t.test('a user has so many peers, and as many host commands', async (t) => {
  const region = await Region.listenWithHost(t, { vectors, maxPeersPerUser: 1 });
  const options = { vectors, ledger: new Ledger() };
  const visit = { ...options, isVisitor: true };
  const vm = await StrictPeer.join(t, region.socket, options);
  const visitor = await StrictPeer.join(t, region.hostSocket, visit);
  t.ok(vm.isWelcomed && visitor.isWelcomed);
  t.equal((await StrictPeer.join(t, region.socket, options)).refusal, -122);
  t.equal((await StrictPeer.join(t, region.hostSocket, visit)).refusal, -122);
  for (let count = 0; count < 20; count += 1) {
    // At once: the server may see the next one before the end of this.
    const gone = StrictPeer.connect(region.hostSocket, visit);
    if (count === 0) visitor.close();
    await until('a welcome', () => gone.read() >= 0 && gone.isWelcomed);
    gone.close();
  }
  vm.close();
  t.ok((await StrictPeer.join(t, region.socket, options)).isWelcomed);
});

t.test('who dies at once is nobody, be there rules or not', need('pidfd'), async (t) => {
  const region = await Region.listen(t, { access: [{ unit: '*', user }, { user }] });
  const before = descriptorCount('self');
  for (let count = 0; count < 50; count += 1) connectSocket(region.socket)!.close();
  const peer = await StrictPeer.join(t, region.socket, { vectors: 1, ledger: new Ledger() });
  t.equal(peer.id, 0);
  t.same([region.joins, region.refusals.length], [1, 0]);
  peer.close();
  await region.left(1);
  t.equal(descriptorCount('self'), before);
});

t.test(
  'without a descriptor to look with, the newcomer is refused for that',
  need('pidfd'),
  async (t) => {
    const region = await Region.listenWithHost(t, { access: [{ unit: '*' }] });
    for (const path of [region.socket, region.hostSocket]) {
      const fault = failing(t, 'getsockopt', 'EMFILE', { after: 1 });
      t.same(await answers(path), ['e8ffffffffffffff'], 'minus 24, EMFILE');
      fault.restore();
    }
    const fault = failing(t, 'getsockopt', 'EMFILE', { after: 1 });
    t.equal(await readToEnd(askBy(t, region.hostSocket)), '\xe8\xff\xff\xff\xff\xff\xff\xff');
    fault.restore();
    t.equal(region.joins, 0);
  },
);

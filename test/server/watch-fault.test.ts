// A join that fails at its last step, when the socket is to be watched: koffi throws then. And a start.
// The modules are loaded after the fault is in place: the watch keeps koffi's function from the start.
import { readdirSync } from 'node:fs';
import koffi from 'koffi';
import t from 'tap';
import { errno } from '../../native/system-error.js';

const node = koffi.node as { poll: (...args: never[]) => unknown };
const real = node.poll;
let isFailing = false;
let polls = 0;
let failsAfter = Infinity;
node.poll = (...args) => {
  polls += 1;
  if (isFailing || polls > failsAfter)
    throw new Error('Failed to init UVPoll: too many open files');
  return real(...args);
};
const { Ledger } = await import('../helper/ledger.js');
const { Region } = await import('../helper/region.js');
const { StrictPeer } = await import('../helper/strict-peer.js');
const { Server } = await import('../../src/index.js');
const { Daemon } = await import('../../src/server/daemon.js');
const { temp } = await import('../helper/temp.js');
const { VmScene } = await import('../helper/vm-scene.js');
const { until } = await import('../helper/until.js');
const { descriptorCount } = await import('../../native/descriptor-limit.js');

t.test('a socket that cannot be watched is refused, and nobody else is told', async (t) => {
  const region = await Region.listen(t, { vectors: 2 });
  const options = { vectors: 2, ledger: new Ledger() };
  const first = await StrictPeer.join(t, region.socket, options);
  const before = descriptorCount('self');

  isFailing = true;
  const refused = await StrictPeer.join(t, region.socket, options);
  isFailing = false;
  t.equal(refused.refusal, -errno.EMFILE);
  refused.close();
  t.equal(descriptorCount('self'), before, 'nothing leaks');
  t.equal(first.read(), 0);

  const next = await StrictPeer.join(t, region.socket, options);
  t.ok(next.isWelcomed);
  t.same([...next.told.keys()], [0, next.id]);
});

t.test('a visitor whose socket cannot be watched is refused, slot or not', async (t) => {
  const region = await Region.listenWithHost(t, { vectors: 2 });
  const options = { vectors: 2, ledger: new Ledger() };
  const visit = { ...options, isVisitor: true };
  const first = await StrictPeer.join(t, region.socket, options);
  for (const [slot, told] of [
    ['to be made', 2],
    ['there', 0],
  ] as const) {
    const before = descriptorCount('self');
    isFailing = true;
    const refused = await StrictPeer.join(t, region.hostSocket, visit);
    isFailing = false;
    t.equal(refused.refusal, -errno.EMFILE);
    refused.close();
    t.equal(descriptorCount('self'), before, `${slot}: nothing leaks`);
    t.equal(first.read(), 0);

    const next = await StrictPeer.join(t, region.hostSocket, visit);
    t.equal(next.id, 2, `${slot}: ID 1 was that of the join that failed`);
    next.close();
    await until('it is gone', () => region.server.peers.length === 1);
    t.equal(first.read(), told);
  }
});

t.test(
  'a VM with a fixed ID whose socket cannot be watched keeps the ID, and the next has it',
  async (t) => {
    const scene = await VmScene.open(t, { web: { id: 0 } });
    const before = descriptorCount('self');
    isFailing = true;
    const refused = await scene.join('web');
    isFailing = false;
    t.equal(refused.refusal, -errno.EMFILE);
    refused.close();
    t.equal(descriptorCount('self'), before, 'nothing leaks');
    t.equal(scene.news, 0);
    t.equal((await scene.join()).id, 2, 'nobody else has it');
    t.equal((await scene.join('web')).id, 0);
  },
);

t.test('a start that fails at either socket leaves nothing behind', async (t) => {
  const directory = temp(t);
  const before = descriptorCount('self');
  for (const succeed of [0, 1]) {
    failsAfter = polls + succeed;
    const sockets = { socket: `${directory}/s`, hostSocket: `${directory}/h` };
    await t.rejects(Server.listen(sockets), { code: 'EMFILE' });
    failsAfter = Infinity;
    t.same(readdirSync(directory), []);
    t.equal(descriptorCount('self'), before);
  }
});

t.test('of several regions, none is left when one cannot let anybody in', async (t) => {
  const directory = temp(t);
  const before = descriptorCount('self');
  const regions = ['a', 'b', 'c'].map((name) => ({ name, socket: `${directory}/${name}` }));
  for (const succeed of [0, 1, 2]) {
    failsAfter = polls + succeed;
    await t.rejects(Daemon.listen(regions), { code: 'EMFILE' });
    failsAfter = Infinity;
    t.same(readdirSync(directory), []);
    t.equal(descriptorCount('self'), before);
  }
});

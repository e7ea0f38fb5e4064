// What a service manager is told of a real daemon.
import t, { type Test } from 'tap';
import { ServiceManager } from '../../src/control/service-manager.js';
import { Daemon } from '../../src/server/daemon.js';
import { Datagrams } from '../helper/datagrams.js';
import { need } from '../helper/need.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { temp } from '../helper/temp.js';

const built = need('unix-dgram');

function connect(t: Test, address: string, more: NodeJS.ProcessEnv = {}): ServiceManager {
  const manager = ServiceManager.connect({ NOTIFY_SOCKET: address, ...more }, (message) => {
    t.fail(message);
  });
  t.teardown(() => manager?.close());
  return manager!;
}

async function serve(t: Test, ...names: string[]): Promise<{ daemon: Daemon; directory: string }> {
  const directory = temp(t);
  const regions = names.map((name) => ({ name, socket: `${directory}/${name}`, size: 65_536 }));
  const daemon = await Daemon.listen(regions);
  t.teardown(() => daemon.close());
  return { daemon, directory };
}

t.test('where nobody wants to be told there is no manager', async (t) => {
  const warnings: string[] = [];
  const env = { WATCHDOG_USEC: '1000000', WATCHDOG_PID: String(process.pid) };
  t.equal(
    ServiceManager.connect(env, (message) => warnings.push(message)),
    undefined,
  );
  t.same(env, {});
  t.same(warnings, []);
});

t.test('no program that we start can speak for us', built, async (t) => {
  const listener = new Datagrams(t);
  const env = { NOTIFY_SOCKET: listener.address, WATCHDOG_USEC: '1000000', PATH: '/bin' };
  ServiceManager.connect(env, (message) => t.fail(message))?.close();
  t.same(env, { PATH: '/bin' });
});

t.test('it is told of the start, of reloads and of the end', built, async (t) => {
  const listener = new Datagrams(t);
  const manager = connect(t, listener.address);
  const { daemon } = await serve(t, 'a', 'b');
  manager.ready(daemon);
  const before = process.hrtime.bigint() / 1_000n;
  manager.reloading();
  const after = process.hrtime.bigint() / 1_000n;
  manager.reloaded();
  manager.stopping();
  manager.reloading();
  manager.reloaded();
  const [first, reloading = '', ...rest] = listener.all;
  t.equal(first, 'READY=1\nSTATUS=2 regions, 0 peers');
  const [, time = ''] = /^RELOADING=1\nMONOTONIC_USEC=(\d+)$/.exec(reloading) ?? [];
  t.ok(BigInt(time) >= before && BigInt(time) <= after, reloading);
  t.same(rest, ['READY=1', 'STOPPING=1\nSTATUS=stopping: peers may read what they are owed']);
});

t.test('the status follows peers and regions, and not each of a crowd', built, async (t) => {
  const listener = new Datagrams(t);
  const manager = connect(t, listener.address);
  const { daemon, directory } = await serve(t, 'a');
  manager.ready(daemon);
  const from = performance.now();
  await SocketPeer.join(t, `${directory}/a`, { vectors: 1 });
  await listener.wait('STATUS=1 region, 1 peer');
  const crowd = Array.from({ length: 20 }, () =>
    SocketPeer.join(t, `${directory}/a`, { vectors: 1 }),
  );
  const peers = await Promise.all(crowd);
  await listener.wait('STATUS=1 region, 21 peers');
  for (const peer of peers) peer.leave();
  await listener.wait('STATUS=1 region, 1 peer', listener.all.length);
  const seconds = Math.ceil((performance.now() - from) / 1_000);
  t.ok(listener.all.length <= 2 + seconds, `${listener.all.length} in ${seconds} s`);
  const [region] = [{ name: 'b', socket: `${directory}/b`, size: 65_536 }];
  await daemon.apply([region]);
  await listener.wait('STATUS=1 region, 0 peers');
});

t.test('a watchdog hears of the event loop, and nobody else does', built, async (t) => {
  const { daemon } = await serve(t, 'a');
  const watched = new Datagrams(t);
  const unwatched = new Datagrams(t);
  connect(t, unwatched.address, { WATCHDOG_USEC: '20000', WATCHDOG_PID: '1' }).ready(daemon);
  connect(t, watched.address, { WATCHDOG_USEC: '20000' }).ready(daemon);
  await watched.wait('WATCHDOG=1');
  await watched.wait('WATCHDOG=1', watched.all.length);
  t.same(unwatched.all, ['READY=1\nSTATUS=1 region, 0 peers']);
});

for (const env of [{ WATCHDOG_USEC: '0' }, { WATCHDOG_USEC: '' }, { WATCHDOG_USEC: 'often' }]) {
  t.test(`WATCHDOG_USEC as '${env.WATCHDOG_USEC}' is a warning`, built, async (t) => {
    const listener = new Datagrams(t);
    const warnings: string[] = [];
    const all = { NOTIFY_SOCKET: listener.address, ...env };
    const manager = ServiceManager.connect(all, (message) => warnings.push(message));
    t.teardown(() => manager?.close());
    t.match(warnings, [
      /^WATCHDOG_USEC: '.*' is not microseconds, 1 or more; there is no watchdog$/,
    ]);
    manager?.ready((await serve(t, 'a')).daemon);
    t.match(listener.all, [/^READY=1/], 'and the rest is told all the same');
  });
}

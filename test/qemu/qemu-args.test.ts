// What `ivshmem qemu-args` prints, given to real QEMUs as a shell gives it on.
import t, { type Test } from 'tap';
import { ask } from '../../src/peer/ask.js';
import { Device } from '../helper/device.js';
import { Ledger } from '../helper/ledger.js';
import { need } from '../helper/need.js';
import { pastedWords } from '../helper/qemu-args.js';
import { Qemu } from '../helper/qemu.js';
import { Region } from '../helper/region.js';
import { ringsEvery, vectors } from '../helper/rings.js';
import { StrictPeer } from '../helper/strict-peer.js';

/** What a guest finds at a place on the first bus: device ID above vendor ID. */
async function deviceAt({ qtest }: Qemu, slot: number, fn = 0): Promise<string> {
  await qtest.write(0xcf8, (0x8000_0000 | (slot << 11) | (fn << 8)) >>> 0, 'out');
  return (await qtest.read(0xcfc, 'in')).toString(16);
}

/** The words for a device on the region of this socket. */
async function paste(t: Test, socket: string, ...words: string[]): Promise<string[]> {
  return pastedWords(t, '--socket', socket, ...words);
}

for (const syntax of [[], ['--json']]) {
  const title = syntax[0] ?? 'words';
  t.test(`${title}: devices with doorbells ring each other`, need('qemu'), async (t) => {
    const { socket } = await Region.listenWithHost(t, { vectors: 4 });
    const a = await Device.start(t, { extra: await paste(t, socket, ...syntax) });
    const b = await Device.start(t, { extra: await paste(t, socket, ...syntax, '--id', 'b.2') });
    t.same([a.id, b.id, a.vectors], [0, 1, 4]);
    t.same(await ringsEvery(a, b), vectors(4));
    t.same(await ringsEvery(b, a), vectors(4));
    t.equal(a.qemu.stderr + b.qemu.stderr, '');
  });

  t.test(`${title}: a plain device has the same memory`, need('qemu'), async (t) => {
    const { socket } = await Region.listenWithHost(t, { size: 2 ** 21 });
    const doorbell = await Device.start(t, { extra: await paste(t, socket, ...syntax) });
    const words = await paste(t, socket, '--plain', '--master', ...syntax);
    const plain = await Device.start(t, { extra: words });
    t.same([plain.vectors, plain.memorySize], [0, 2 ** 21]);
    await plain.write(0, 'from the plain one');
    t.equal(await doorbell.readText(0, 18), 'from the plain one');
  });

  t.test(`${title}: two regions and three places in one VM`, need('qemu'), async (t) => {
    const first = await Region.listenWithHost(t, { vectors: 2 });
    const second = await Region.listenWithHost(t, { vectors: 3 });
    const words = [
      ...(await paste(t, first.socket, '--addr', '5', ...syntax)),
      ...(await paste(t, second.socket, '--id', 'b', '--addr', '0x1e.0', ...syntax)),
      ...(await paste(t, second.socket, '--plain', '--id', 'c', '--addr', '1d.7', ...syntax)),
    ];
    const qemu = new Qemu(t, { extra: words });
    t.equal(await deviceAt(qemu, 5), '11101af4');
    t.equal(await deviceAt(qemu, 0x1e), '11101af4');
    t.equal(await deviceAt(qemu, 0x1d, 7), '11101af4');
    t.equal(await deviceAt(qemu, 6), 'ffffffff', 'and nowhere else');
    t.same([first.server.peers.length, second.server.peers.length], [1, 1]);
  });

  t.test(
    `${title}: who asked before spent no ID, so a master is the first`,
    need('qemu'),
    async (t) => {
      const region = await Region.listenWithHost(t, {});
      for (let count = 0; count < 4; count += 1) await paste(t, region.socket);
      const words = await paste(t, region.socket, '--master', ...syntax);
      const master = await Device.start(t, { extra: words });
      t.equal(master.id, 0);
      const late = new Qemu(t, { extra: words });
      const { code, stderr } = await late.exit;
      t.equal(code, 1);
      t.match(stderr, 'master must connect to the server before any peers');
    },
  );
}

t.test('a hundred questions are nothing to a VM', need('qemu'), async (t) => {
  const region = await Region.listenWithHost(t, { vectors: 2 });
  const a = await Device.start(t, { extra: await paste(t, region.socket) });
  const witness = await StrictPeer.join(t, region.socket, { vectors: 2, ledger: new Ledger() });
  witness.read();
  for (let count = 0; count < 100; count += 1) await ask(region.hostSocket);
  t.equal(witness.read(), 0);
  t.same([region.joins, region.leaves, region.server.idsLeft], [2, 0, 65_534]);
  const b = await Device.start(t, { extra: await paste(t, region.socket) });
  t.equal(b.id, 2);
  t.same(await ringsEvery(a, b), vectors(2));
});

t.test('fewer vectors than the region has: QEMU complains, and works', need('qemu'), async (t) => {
  const { socket } = await Region.listenWithHost(t, { vectors: 4 });
  const all = await Device.start(t, { extra: await paste(t, socket) });
  const few = await Device.start(t, { extra: await paste(t, socket, '--vectors', '2') });
  t.equal(few.vectors, 2);
  t.same(await ringsEvery(all, few), vectors(2));
  t.match(few.qemu.stderr, 'Too many eventfd received, device has 2 vectors');
});

// A host peer, a guest with doorbells and a guest without, all on one memory.
import t from 'tap';
import { Peer } from '../../src/index.js';
import { buildGuest } from '../helper/guest-image.js';
import { doorbellDevice, Guest, plainDevice } from '../helper/guest.js';
import { guests, need } from '../helper/need.js';
import { Region } from '../helper/region.js';

t.test('a host peer and two kinds of guests share one memory', need(...guests), async (t) => {
  await buildGuest();
  const { server, socket } = await Region.listen(t, { vectors: 4, size: 2 ** 20 });
  const backend = `memory-backend-file,size=1M,share=on,mem-path=${server.memory.path}`;
  const [ringing, plain] = await Promise.all([
    Guest.boot(t, 'with doorbells', { devices: doorbellDevice(socket, 4) }),
    Guest.boot(t, 'plain', { devices: plainDevice(backend, 4) }),
  ]);
  await ringing.do('insmod /root/ivshmem.ko');
  await using host = await Peer.connect({ socket, vectors: 4 });
  const memory = Buffer.from(host.memory);

  t.match(await plain.do('ivshmem-plain info'), '0000:00:04.0: 1048576 bytes, peer 0, vectors 0');
  await plain.do('ivshmem-plain write 0x8000 "of the plain guest"');
  t.equal(await ringing.do('ivshmem-driver read 0x8000 18'), 'of the plain guest');
  t.equal(memory.toString('latin1', 0x8000, 0x8012), 'of the plain guest');

  await ringing.do('ivshmem-driver wait 60000 >/tmp/waited & pid=$!');
  memory.write('of the host', 0x9000);
  // A ring before the guest waits is in vain.
  const ringer = setInterval(() => host.ring(0, 3), 20);
  const waited = await ringing.do('wait $pid; cat /tmp/waited').finally(() => {
    clearInterval(ringer);
  });
  t.match(waited, /^vector 3: \d+$/m, 'the host rings the guest');
  for (const [guest, program] of [
    [ringing, 'driver'],
    [plain, 'plain'],
  ] as const) {
    t.equal(await guest.do(`ivshmem-${program} read 0x9000 11`), 'of the host', program);
  }

  await ringing.do('ivshmem-driver write 0xa000 "of the guest that rings"');
  const interrupt = host.nextInterrupt({ vector: 2, timeoutMs: 60_000 });
  await ringing.do(`ivshmem-driver ring ${host.id} 2`);
  t.same(await interrupt, { vector: 2, count: 1 }, 'the guest rings the host');
  t.equal(memory.toString('latin1', 0xa000, 0xa017), 'of the guest that rings');
  t.equal(await plain.do('ivshmem-plain read 0xa000 23'), 'of the guest that rings');

  await ringing.do('rmmod ivshmem');
  t.equal(
    await ringing.do('ivshmem-plain read 0x8000 18'),
    'of the plain guest',
    'a device with doorbells can be used without a driver, too',
  );
  for (const [words, code, says] of misuse) {
    const { code: ended, output } = await plain.run(`ivshmem-plain ${words}`);
    t.equal(ended, code, words);
    t.match(output, says, words);
  }
  for (const guest of [ringing, plain]) t.same(await guest.complaints(), []);
});

const misuse = [
  ['', 2, 'usage: ivshmem-plain'],
  ['-x info', 2, 'usage: ivshmem-plain'],
  ['jump', 2, 'usage: ivshmem-plain'],
  ['read 0', 2, 'usage: ivshmem-plain'],
  ['read -1 1', 2, "'-1' is no number"],
  ['read 0 0x100001', 1, '1048577 bytes at 0: the memory has 1048576'],
  ['write 0xfffff ab', 1, '2 bytes at 1048575: the memory has 1048576'],
  ['read 0xffffffffffffffff 2', 1, 'the memory has 1048576'],
  ['ring 4294967296 0', 2, "'4294967296' is over 4294967295"],
  ['ring 0 0', 1, 'ring: '],
  ['-d 0000:00:1f.0 read 0 1', 1, '0000:00:1f.0: '],
  ['-l nobody read 0 1', 1, 'none of 1 devices has this label'],
] as const;

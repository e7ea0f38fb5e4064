// Two regions in one guest, and how it tells which is which.
import t from 'tap';
import { buildGuest } from '../helper/guest-image.js';
import { doorbellDevice, Guest } from '../helper/guest.js';
import { guests, need } from '../helper/need.js';
import { Region } from '../helper/region.js';

t.test('two regions in one guest are told apart by label', need(...guests), async (t) => {
  await buildGuest();
  const blue = await Region.listen(t, { vectors: 4, size: 2 ** 20, label: 'blue' });
  const red = await Region.listen(t, { vectors: 2, size: 2 ** 20, label: 'red' });
  const [both, other] = await Promise.all([
    Guest.boot(t, 'of both', {
      devices: [...doorbellDevice(red.socket, 2, 4), ...doorbellDevice(blue.socket, 4, 5)],
    }),
    Guest.boot(t, 'of blue', { devices: doorbellDevice(blue.socket, 4) }),
  ]);
  t.same(labels(await both.do('ivshmem-plain info')), ['0000:00:04.0 red', '0000:00:05.0 blue']);
  for (const guest of [both, other]) await guest.do('insmod /root/ivshmem.ko');
  t.same(labels(await both.do('ivshmem-driver info')), ['/dev/ivshmem0 red', '/dev/ivshmem1 blue']);
  t.match(
    (await both.run('ivshmem-driver ping 1')).output,
    '2 devices: choose one with -d or -l',
    'none is taken by chance',
  );

  await other.do('ivshmem-driver echo 100 >/tmp/echo & pid=$!');
  t.match(await both.do('ivshmem-driver -l blue ping 100'), '100 round trips');
  t.match(await other.do('wait $pid; cat /tmp/echo'), '100 answers');
  await both.do('ivshmem-driver -l red write 0x8000 "only in red"');
  t.equal(await both.do('ivshmem-driver -d /dev/ivshmem0 read 0x8000 11'), 'only in red');
  t.equal(await other.do('ivshmem-driver read 0x8000 11 | tr "\\0" .'), '...........');
  await both.do(`ivshmem-driver -l red write 32 "$(printf 'r\\033[7m')"`);
  t.same(
    labels(await both.do('ivshmem-driver info'))[0],
    '/dev/ivshmem0 r\\x1b[7m',
    'what a guest writes over a label does not steer the terminal',
  );
  for (const guest of [both, other]) t.same(await guest.complaints(), []);
});

function labels(info: string): string[] {
  return [...info.matchAll(/^(\S+): .*, label '(.*)'$/gm)].map(
    ([, device = '', label = '']) => `${device} ${label}`,
  );
}

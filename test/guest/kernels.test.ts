// The driver and the kernels that it is for: Debian 12's, and the newest of its backports.
import t from 'tap';
import { aptOfBackports, buildDriver, buildGuest, guestImage } from '../helper/guest-image.js';
import { guests, need } from '../helper/need.js';

t.test("it builds without a warning for Debian 12's kernel", need(...guests), async (t) => {
  await buildGuest();
  t.equal(await buildDriver(t, guestImage), '');
});

// It is not booted: QEMU 7.2 emulates it badly (random oopses early in the boot, 41 of 84 boots).
t.test('it builds without a warning for the newest of backports', need(...guests), async (t) => {
  const image = `${guestImage}-backports`;
  await buildGuest(image, await aptOfBackports(t));
  t.equal(await buildDriver(t, image), '');
});

// A real device that is stopped (a paused VM) while the world goes on without it.
// Its socket holds 278 messages; everything past that must wait in the server, in order and complete.
import t from 'tap';
import { Device } from '../helper/device.js';
import { need } from '../helper/need.js';
import { Region } from '../helper/region.js';
import { ringsEvery, vectors } from '../helper/rings.js';
import { SocketPeer } from '../helper/socket-peer.js';

t.test(
  'a device stopped while 60 come and go can ring every one who stayed',
  need('qemu'),
  async (t) => {
    const { socket } = await Region.listen(t, { vectors: 8 });
    const options = { socket, vectors: 8 };
    const [stopped, runs] = await Device.startAll(t, 2, options);
    t.same(await ringsEvery(stopped, runs), vectors(8));
    const early = await SocketPeer.join(t, socket, { vectors: 8, onlyOwn: true });
    t.same(await ringsEvery(stopped, early), vectors(8));

    stopped.qemu.stop();
    early.leave();
    const present: SocketPeer[] = [];
    const leaving: SocketPeer[] = [];
    // Two of three leave: half of those soon, the others when all have come.
    for (let n = 0; n < 60; n++) {
      const peer = await SocketPeer.join(t, socket, { vectors: 8, onlyOwn: true });
      if (n % 3 === 0) present.push(peer);
      else if (n % 3 === 1) leaving.push(peer);
      else peer.leave();
    }
    const joinedMeanwhile = await Device.start(t, options);
    for (const peer of leaving) peer.leave();
    t.same(await ringsEvery(runs, joinedMeanwhile), vectors(8), 'the others do not notice');

    stopped.qemu.cont();
    for (const peer of [...present, joinedMeanwhile, runs]) {
      t.same(await ringsEvery(stopped, peer), vectors(8), `it rings peer ${peer.id}`);
    }
    t.same(await ringsEvery(joinedMeanwhile, stopped), vectors(8));
    const late = await Device.start(t, options);
    t.same(await ringsEvery(stopped, late), vectors(8), 'it hears of those who come later');
    t.ok(await stopped.qemu.lives());
  },
);

t.test('a device is rung while it is stopped, and hears it afterwards', need('qemu'), async (t) => {
  const { socket } = await Region.listen(t, { vectors: 2 });
  const [a, b] = await Device.startAll(t, 2, { socket, vectors: 2 });
  t.same(await ringsEvery(a, b), vectors(2));
  await b.forget();
  b.qemu.stop();
  await a.ring(b.id, 1);
  await a.write(0, 'while you were away');
  b.qemu.cont();
  await b.settle();
  t.same(await b.heard(), [1]);
  t.equal(await b.readText(0, 19), 'while you were away');
});

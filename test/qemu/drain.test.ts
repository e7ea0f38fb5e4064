// SIGTERM while a real device joins. Half a welcome hangs a QEMU, half its vectors crash it under KVM:
// whoever was admitted is served to the end.
import { connect } from 'node:net';
import t from 'tap';
import { Device } from '../helper/device.js';
import { need } from '../helper/need.js';
import { Qemu } from '../helper/qemu.js';
import { ringsEvery, vectors } from '../helper/rings.js';
import { Serve } from '../helper/serve.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';

t.test('SIGTERM completes a join that exceeds the socket buffer', need('qemu'), async (t) => {
  const directory = temp(t);
  const socket = `${directory}/s`;
  const serve = await Serve.start(t, ['--socket', socket, '--vectors', '64']);
  const device = await Device.start(t, { socket, vectors: 64 });
  const peers: SocketPeer[] = [];
  for (let n = 0; n < 4; n++) peers.push(await SocketPeer.join(t, socket, { vectors: 64 }));

  // QEMU connects its chardevs in order and reads once the device is made: the second chardev waits
  // for somebody to connect. It is owed 3 + 5 × 64 + 64 = 387 messages, and 278 fit.
  const gate = `${directory}/gate`;
  const waits = ['-chardev', `socket,id=gate,path=${gate},server=on,wait=on`];
  const joining = new Qemu(t, { socket, vectors: 64, before: waits });
  await until('the others know of the join', () => peers.every((peer) => peer.knows(5) === 64));
  await until('QEMU waits at the gate', () => joining.stderr.includes('waiting for connection'));

  serve.kill('SIGTERM');
  await until('the server was told', () => serve.logged('stop').length > 0);
  t.ok(serve.alive, 'it waits for the one who joins');
  const opener = connect(gate);
  t.teardown(() => opener.destroy());

  const joined = await Device.setUp(joining);
  t.equal((await serve.exit).code, 0);
  t.equal(joined.id, 5);
  for (const peer of [device, ...peers, joined]) {
    t.same(await ringsEvery(joined, peer), vectors(64), `it rings peer ${peer.id}`);
  }
  t.same(await ringsEvery(device, joined), vectors(64));
  for (const peer of peers) t.same(await ringsEvery(peer, joined), vectors(64));
});

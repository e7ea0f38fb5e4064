// 1,000 host commands in a row, one after the other, beside two real QEMUs: what a VM sees of them is
// one join.
import t from 'tap';
import { Device } from '../helper/device.js';
import { Ledger } from '../helper/ledger.js';
import { need } from '../helper/need.js';
import { Region } from '../helper/region.js';
import { rings, ringsEvery } from '../helper/rings.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { StrictPeer } from '../helper/strict-peer.js';

const vectors = 2;
const visits = 1_000;

t.test(`${visits} visits are one join to a VM`, need('qemu'), async (t) => {
  const region = await Region.listenWithHost(t, { vectors });
  const options = { vectors, ledger: new Ledger() };
  const a = await Device.start(t, { socket: region.socket, vectors });
  const b = await Device.start(t, { socket: region.socket, vectors });
  // Sees what the QEMUs see, and counts it.
  const witness = await StrictPeer.join(t, region.socket, options);
  witness.read();

  for (let visit = 0; visit < visits; visit += 1) {
    const visitor = await StrictPeer.join(t, region.hostSocket, { ...options, isVisitor: true });
    if (visitor.id !== 3) t.fail(`visitor ${visit} has ID ${visitor.id}`);
    const left = region.leaves + 1;
    visitor.close();
    await region.left(left);
  }
  t.equal(region.joins, visits + 3);
  t.equal(witness.read(), vectors, 'one message for each vector, and no more');
  t.equal(region.server.idsLeft, 65_532);

  t.same(await ringsEvery(a, b), [0, 1], 'the QEMUs ring each other');
  t.same(await ringsEvery(b, a), [0, 1]);
  const visitor = await SocketPeer.join(t, region.hostSocket, { vectors });
  t.same(await rings(a, visitor, 1), [1], 'a QEMU rings who visits now');
  t.same(await rings(visitor, b, 0), [0], 'which rings it');
  const late = await Device.start(t, { socket: region.socket, vectors });
  t.same(await rings(late, visitor, 0), [0], 'as does one that came later');
  t.same(await rings(visitor, late, 1), [1]);
});

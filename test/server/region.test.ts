import t from 'tap';
import { addressOf, libc } from '../../native/libc.js';
import { descriptorCount } from '../../native/descriptor-limit.js';
import { connectSocket, shutdownListener } from '../../native/unix-socket.js';
import { failing } from '../helper/fault.js';
import { Ledger } from '../helper/ledger.js';
import { MessageReader } from '../helper/message-reader.js';
import { Region } from '../helper/region.js';
import { StrictPeer } from '../helper/strict-peer.js';
import { until } from '../helper/until.js';

t.test('who has gone before it is looked at costs no ID', async (t) => {
  const region = await Region.listen(t, {});
  for (let count = 0; count < 30; count += 1) connectSocket(region.socket)!.close();
  using talker = connectSocket(region.socket)!;
  libc.send(talker.rawFd, addressOf(new ArrayBuffer(1)), 1, 0);
  const peer = await StrictPeer.join(t, region.socket, { vectors: 1, ledger: new Ledger() });
  t.equal(peer.id, 0);
  t.same([region.joins, region.leaves, region.refusals.length], [1, 0, 1]);
});

t.test('who sends before it is told anything is refused', async (t) => {
  const region = await Region.listen(t, {});
  const reader = new MessageReader(connectSocket(region.socket)!);
  libc.send(reader.socket.rawFd, addressOf(new ArrayBuffer(1)), 1, 0);
  const answers: string[] = [];
  await until('the end', () => {
    reader.read(({ text }) => answers.push(text));
    return reader.isOver;
  });
  reader.close();
  t.same(answers, ['b9ffffffffffffff'], 'minus 71, EPROTO');
  t.match(await region.refused(), { reason: 'data' });
  t.equal(region.joins, 0);
});

t.test('who will never read is gone, and costs no descriptor', async (t) => {
  const region = await Region.listen(t, { maxPeers: 1 });
  const before = descriptorCount('self');
  const deaf = Array.from({ length: 20 }, () => connectSocket(region.socket)!);
  for (const socket of deaf) shutdownListener(socket);
  await until('the server has let go', () => descriptorCount('self') === before! + deaf.length);
  for (const socket of deaf) socket.close();
  const peer = await StrictPeer.join(t, region.socket, { vectors: 1, ledger: new Ledger() });
  t.ok(peer.isWelcomed);
});

t.test('who sends anything is let go, and the others are told once', async (t) => {
  const region = await Region.listen(t, { vectors: 2 });
  const options = { vectors: 2, ledger: new Ledger() };
  const first = await StrictPeer.join(t, region.socket, options);
  const second = await StrictPeer.join(t, region.socket, options);
  await until('they know each other', () => first.read() >= 0 && first.told.get(1) === 2);
  second.hangUp('garbage');
  await until('the first is told', () => first.read() > 0);
  t.same([...first.told.keys()], [0]);
  t.equal(region.leaves, 1);
});

t.test('a refusal that cannot be sent is sent later', async (t) => {
  const region = await Region.listen(t, { vectors: 2 });
  failing(t, 'eventfd', 'EMFILE');
  failing(t, 'sendmmsg', 'ENOBUFS', { times: 3 });
  const peer = await StrictPeer.join(t, region.socket, { vectors: 2, ledger: new Ledger() });
  t.equal(peer.refusal, -24);
  t.match(region.refusals, [{ reason: 'descriptors', version: -24 }]);
});

t.test('a failure of the kernel is told by its own errno', async (t) => {
  const region = await Region.listen(t, {});
  failing(t, 'eventfd', 'ENFILE');
  const peer = await StrictPeer.join(t, region.socket, { vectors: 1, ledger: new Ledger() });
  t.equal(peer.refusal, -23);
  t.match(region.refusals, [{ reason: 'kernel', version: -23, message: /ENFILE/ }]);
});

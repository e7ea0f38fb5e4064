// A limit of descriptors that is too low for what was asked for: said at the start, and no end of it.
import t from 'tap';
import { Serve } from '../helper/serve.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';

const fdLimit = 80;
const vectors = 4;

t.test('joins past the limit are refused until one leaves, and the server lives', async (t) => {
  const socket = `${temp(t)}/s`;
  const args = ['--socket', socket, '--vectors', String(vectors), '--max-peers', '100'];
  const serve = await Serve.start(t, args, { fdLimit });
  t.match(serve.logged('warning'), [{ level: 'warn', code: 'descriptors' }]);
  const [{ msg } = {}] = serve.logged('warning');
  t.match(msg, '100 peers × (4 vectors + 1)', 'what was asked for');
  t.match(msg, `the limit is ${fdLimit}`, 'what there is');

  const join = (): Promise<SocketPeer> => SocketPeer.join(t, socket, { vectors, onlyOwn: true });
  const present: SocketPeer[] = [];
  let last = await join();
  while (last.refusal === undefined && present.length < fdLimit) {
    present.push(last);
    last = await join();
  }
  t.ok(present.length > 1, `${present.length} are admitted`);
  t.equal(last.refusal, -24, 'EMFILE');
  t.equal((await join()).refusal, -24, 'and again');
  await until('both refusals are logged', () => serve.logged('refuse').length === 2);
  const [refusal] = serve.logged('refuse');
  t.match(refusal, { reason: 'descriptors', version: -24, msg: new RegExp(`\\b${fdLimit}\\b`) });
  t.match(refusal?.['remedy'], /limit/);

  present.shift()?.leave();
  const next = await until('where one left another may come', async () => {
    const peer = await join();
    return peer.refusal === undefined && peer;
  });
  t.equal(next.knows(next.id), vectors);
  await until('the others hear of it', () =>
    present.every((peer) => peer.knows(next.id) === vectors),
  );
  t.equal((await serve.end('SIGTERM')).code, 0);
});

t.test('without --max-peers as many are admitted as the limit has room for', async (t) => {
  const socket = `${temp(t)}/s`;
  const serve = await Serve.start(t, ['--socket', socket, '--vectors', '4'], { fdLimit });
  t.same(serve.logged('warning'), []);
  const maxPeers = Number(serve.logged('listening')[0]?.['maxPeers']);
  for (let n = 0; n < maxPeers; n += 1) {
    const peer = await SocketPeer.join(t, socket, { vectors, onlyOwn: true });
    t.equal(peer.refusal, undefined, `peer ${n + 1} of ${maxPeers}`);
  }
  const peer = await SocketPeer.join(t, socket, { vectors, onlyOwn: true });
  t.equal(peer.refusal, -87, 'EUSERS');
});

// An eviction that is asked for over the control socket: who is told no may rely on it.
import type { Socket } from 'node:net';
import t from 'tap';
import { Controlled } from '../helper/control.js';
import { Ledger } from '../helper/ledger.js';
import { isStopped } from '../helper/look.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { StrictPeer } from '../helper/strict-peer.js';
import type { Scope } from '../helper/temp.js';
import { until } from '../helper/until.js';

const PATIENCE_MS = 2_000;

/** Asks for the end of a peer, and waits for no answer. */
async function askFor(t: Scope, lab: Controlled, peer: number): Promise<Socket> {
  const socket = await lab.connect(t);
  socket.write(`DELETE /v1/regions/lab/peers/${peer} HTTP/1.1\r\nHost: x\r\n\r\n`);
  return socket;
}

const idsOf = async ({ client }: Controlled): Promise<number[]> =>
  (await client.region('lab')).peers.map(({ id }) => id);

/** A server with a peer 0 that has read nothing. */
async function withBlocked(t: Scope): Promise<{ lab: Controlled; blocked: StrictPeer }> {
  const lab = await Controlled.start(t);
  const blocked = StrictPeer.connect(lab.socket, { vectors: 1, ledger: new Ledger() });
  t.teardown(() => {
    blocked.close();
  });
  await until('it has joined', async () => (await idsOf(lab)).length === 1);
  return { lab, blocked };
}

t.test('who hangs up has asked for nothing', async (t) => {
  const { lab, blocked } = await withBlocked(t);
  const asked = await askFor(t, lab, 0);
  await lab.client.status();
  asked.destroy();
  await lab.client.status();
  await until('it reads', () => (blocked.read(), blocked.isWelcomed));
  const end = performance.now() + PATIENCE_MS;
  await until('it would be cut off', () => performance.now() > end);
  t.same(await idsOf(lab), [0]);
});

t.test('even if it was the front that was stopped', async (t) => {
  const lab = await Controlled.start(t);
  await SocketPeer.join(t, lab.socket, { vectors: 1 });
  const front = lab.frontPid;
  for (let n = 0; n < 20; n += 1) {
    process.kill(front, 'SIGSTOP');
    await until('it stands still', () => isStopped(front));
    (await askFor(t, lab, 0)).destroy();
    process.kill(front, 'SIGCONT');
    t.same(await idsOf(lab), [0]);
  }
});

t.test('what cannot be done holds up nobody', async (t) => {
  const { lab } = await withBlocked(t);
  const other = await SocketPeer.join(t, lab.socket, { vectors: 1 });
  for (let n = 0; n < 10; n += 1) await askFor(t, lab, 0);
  t.equal((await lab.client.evict('lab', other.id)).id, other.id);
  t.same(await idsOf(lab), [0]);
});

t.test('what a stopped server did not answer, it does not do when it goes on', async (t) => {
  const lab = await Controlled.start(t);
  await SocketPeer.join(t, lab.socket, { vectors: 1 });
  await SocketPeer.join(t, lab.socket, { vectors: 1 });
  lab.serve.kill('SIGSTOP');
  const hangsUp = await askFor(t, lab, 0);
  const waits = lab.client.evict('lab', 1);
  await t.rejects(waits, { code: 'ERR_IVSHMEM_NO_ANSWER' });
  hangsUp.destroy();
  lab.serve.kill('SIGCONT');
  t.same(await idsOf(lab), [0, 1]);
  t.equal((await lab.client.evict('lab', 1)).id, 1, 'and what is asked then, it does');
});

t.test('the end of the front is a hang-up of all', async (t) => {
  const { lab, blocked } = await withBlocked(t);
  await askFor(t, lab, 0);
  await lab.client.status();
  process.kill(lab.frontPid, 'SIGKILL');
  await until('it is told', () => lab.serve.logged('control').length === 2);
  await until('it reads', () => (blocked.read(), blocked.isWelcomed));
  const end = performance.now() + PATIENCE_MS;
  await until('it would be cut off', () => performance.now() > end);
  t.same(await idsOf(lab), [0]);
});

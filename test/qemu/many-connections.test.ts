// More connections than there are peer IDs, one after the other, beside one real device.
// An ID that comes back to a QEMU that knew it corrupts its heap; one past 65535 ends it.
import { readdirSync, readFileSync } from 'node:fs';
import t from 'tap';
import type { Fd } from '../../native/fd.js';
import { MessageReceiver } from '../../native/message-receiver.js';
import { connectSocket } from '../../native/unix-socket.js';
import { Device } from '../helper/device.js';
import { Ledger } from '../helper/ledger.js';
import { need } from '../helper/need.js';
import { ringsEvery, vectors } from '../helper/rings.js';
import { Serve } from '../helper/serve.js';
import { StrictPeer } from '../helper/strict-peer.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';

const connections = 70_000;
const warmUp = 10_000;
const receiver = new MessageReceiver();
const options = { timeout: 280_000, ...need('qemu') };

t.test('a device outlives 70,000 short connections', options, async (t) => {
  const socket = `${temp(t)}/s`;
  const serve = await Serve.start(t, ['--socket', socket, '--log-level', 'error']);
  const device = await Device.start(t, { socket });
  t.same(await ringsEvery(device, device), vectors(1));
  // A device that is slow may miss who comes and goes, and what nobody knows may come back. This one
  // is told of everybody: no ID does.
  const witness = await StrictPeer.join(t, socket, { vectors: 1, ledger: new Ledger() });
  const pass = async (): Promise<number | undefined> => {
    const id = await joinAndLeave(socket);
    witness.read();
    return id;
  };
  for (let n = 0; n < warmUp; n++) await pass();
  const before = use(serve.pid);

  const ids: number[] = [];
  for (let n = warmUp; n < connections; n++) {
    const id = await pass();
    if (id !== undefined) ids.push(id);
  }
  t.ok(ids.every((id) => id > 1 && id <= 65_535));
  t.ok(ids.length <= 65_534 - warmUp, 'what cannot be given is refused');
  t.equal(new Set(ids).size, ids.length, 'no ID that anybody knew came back');
  t.same(await ringsEvery(device, device), vectors(1));
  await until('the server has no more descriptors than at the start', () => {
    return use(serve.pid).descriptors <= before.descriptors;
  });
  const mebibytes = Math.round(use(serve.pid).mebibytes - before.mebibytes);
  t.ok(mebibytes < 48, `its memory is where it was, but for ${mebibytes} MiB`);

  await device.qemu.kill();
  witness.close();
  const next = await Device.start(t, { socket });
  t.same(await ringsEvery(next, next), vectors(1), 'with who knew them the IDs are free again');
});

/** Joins, reads version and ID, and hangs up; gives the ID, or undefined when it was refused. */
async function joinAndLeave(path: string): Promise<number | undefined> {
  using socket = await soon(() => connectSocket(path));
  const version = await soon(() => readNumber(socket));
  return version === 0 ? await soon(() => readNumber(socket)) : undefined;
}

/** The next message's number; undefined when there is none yet. It comes whole or not at all. */
function readNumber(socket: Fd): number | undefined {
  const received = receiver.receive(socket, 8);
  return received && Number(Buffer.from(received.bytes).readBigInt64LE());
}

/** Asks without a pause, for what takes microseconds. */
async function soon<T>(ask: () => T | undefined): Promise<T> {
  for (;;) {
    const answer = ask();
    if (answer !== undefined) return answer;
    await new Promise((resolve) => setImmediate(resolve));
  }
}

/** What a process has of descriptors and of memory of its own. */
function use(pid: number): { descriptors: number; mebibytes: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'latin1');
  const kibibytes = /^RssAnon:\s+(\d+)/m.exec(status)?.[1];
  return {
    descriptors: readdirSync(`/proc/${pid}/fd`).length,
    mebibytes: Number(kibibytes) / 1024,
  };
}

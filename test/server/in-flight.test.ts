import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import t, { type Test } from 'tap';
import { MessageBatch, MessageRows } from '../../native/message-batch.js';
import { createSocketPair } from '../../native/unix-socket.js';
import { Membership } from '../../src/protocol/membership.js';
import { createEventfd } from '../../native/eventfd.js';
import { Connection } from '../../src/server/connection.js';
import { Region } from '../../src/server/region.js';
import { InFlight, isCountedInFlight, measureMessageBytes } from '../../src/server/in-flight.js';
import { Slot } from '../../src/server/slot.js';
import { asUser } from '../helper/as-user.js';
import { failing } from '../helper/fault.js';
import { MessageReader } from '../helper/message-reader.js';
import { need } from '../helper/need.js';

const messageBytes = measureMessageBytes();

/** A connection, and the peer at its other end. */
function connect(t: Test, inFlight: InFlight) {
  const [socket, other] = createSocketPair();
  const membership = new Membership({ memory: new MessageRows([]), vectors: 0 });
  const nobody = { pid: 0, uid: 0, gid: 0 };
  const events = { onHangUp: () => undefined, onWritable: () => undefined };
  const connection = new Slot(membership).enter(
    (place) => new Connection(socket, nobody, place, events),
  );
  const peer = new MessageReader(other);
  t.teardown(() => {
    connection.close();
    peer.close();
  });
  const send = (count: number): void => {
    const batch = new MessageBatch(count);
    while (batch.room > 0) batch.addNumber(0);
    inFlight.sent(connection, batch.send(socket));
  };
  const read = (count: number): void => {
    peer.read(() => undefined, 8 * count);
  };
  return { connection, send, read };
}

t.test('a message is what the kernel counts for it, whatever that is', async (t) => {
  const inFlight = new InFlight(1024, messageBytes);
  const { connection, send, read } = connect(t, inFlight);
  t.equal(inFlight.unreadOf(connection), 0);
  send(10);
  t.equal(inFlight.unreadOf(connection), 10);
  read(4);
  t.equal(inFlight.unreadOf(connection), 6);
});

t.test('where the kernel does not count, nothing is held back', async (t) => {
  const inFlight = new InFlight(Infinity, messageBytes);
  const { connection, send } = connect(t, inFlight);
  send(100);
  t.equal(inFlight.allowance(connection), Infinity);
});

t.test('who is not seen to read gets a few, who reads twice as many each time', async (t) => {
  const inFlight = new InFlight(1024, messageBytes);
  const { connection, send, read } = connect(t, inFlight);
  t.equal(inFlight.allowance(connection), 16);
  send(16);
  t.equal(inFlight.allowance(connection), 0);
  read(12);
  t.equal(inFlight.allowance(connection), 32 - 4, 'less what it has not read');
  send(28);
  t.equal(inFlight.allowance(connection), 0);
  read(32);
  t.equal(inFlight.allowance(connection), 64);
  send(64);
  read(64);
  t.equal(inFlight.allowance(connection), 64, 'not more than an eighth of 512');
  inFlight.rest(connection);
  t.equal(inFlight.allowance(connection), 8, 'who has been told all begins anew');
  send(8);
  inFlight.rest(connection);
  read(8);
  t.equal(inFlight.allowance(connection), 16);
});

t.test('nobody takes more than an eighth of what is left', async (t) => {
  const inFlight = new InFlight(1024, messageBytes);
  const first = connect(t, inFlight);
  first.send(64);
  const second = connect(t, inFlight);
  for (const count of [16, 32, 56]) {
    t.equal(inFlight.allowance(second.connection), count);
    second.send(count);
    second.read(count);
  }
  t.equal(inFlight.allowance(second.connection), 56, 'an eighth of 448');
  inFlight.remove(first.connection);
  second.send(1);
  second.read(1);
  t.equal(inFlight.allowance(second.connection), 64, 'what was another’s comes back');
});

t.test('when that is used up each has one message, and the whole welcome', async (t) => {
  const inFlight = new InFlight(128, messageBytes);
  const first = connect(t, inFlight);
  first.send(64);
  const second = connect(t, inFlight);
  t.equal(inFlight.allowance(second.connection), 1);
  t.equal(inFlight.allowance(second.connection, 3), 3);
  second.send(1);
  t.equal(inFlight.allowance(second.connection), 0);
  t.equal(inFlight.allowance(second.connection, 2), 2);
});

t.test('all windows together stay below half of the limit, but for one message each', async (t) => {
  const inFlight = new InFlight(1024, messageBytes);
  let unread = 0;
  for (let peers = 0; peers < 100; peers += 1) {
    const { connection, send } = connect(t, inFlight);
    const allowance = inFlight.allowance(connection);
    t.ok(allowance > 0, 'and there is always some left for the next');
    send(allowance);
    unread += allowance;
  }
  t.ok(unread < 512 + 100, `${unread}`);
});

t.test('when the kernel does not tell, what we know counts', async (t) => {
  const inFlight = new InFlight(1024, messageBytes);
  const { connection, send, read } = connect(t, inFlight);
  send(64);
  read(64);
  const fault = failing(t, 'ioctl', 'ENOMEM');
  t.equal(inFlight.allowance(connection), 0);
  fault.restore();
  t.equal(inFlight.allowance(connection), 32, 'what it has read meanwhile counts');
});

t.test('the kernel counts an ordinary user, and not root', need('root'), async (t) => {
  t.equal(isCountedInFlight(), false);
  const module = fileURLToPath(new URL('../../src/server/in-flight.js', import.meta.url));
  const script = `import(${JSON.stringify(module)}).then((m) => console.log(m.isCountedInFlight()))`;
  const [command, ...args] = [...asUser(65_534), process.execPath, '-e', script];
  const output = execFileSync(command, args);
  t.equal(output.toString(), 'true\n');
});

t.test('a region that ends gives back what its peers had not read', async (t) => {
  const inFlight = new InFlight(256, messageBytes);
  const { connection } = connect(t, inFlight);
  const nothing = (): void => undefined;
  const region = new Region(
    {
      memory: createEventfd(),
      vectors: 1,
      policy: { maxPeers: 20, allowExcessVectors: false },
      inFlight,
    },
    { onJoin: nothing, onLeave: nothing, onRefuse: nothing },
  );
  t.equal(inFlight.allowance(connection), 16);
  const stopped = Array.from({ length: 20 }, () => {
    const [ours, theirs] = createSocketPair();
    region.receive(ours, { path: '/', isHost: false });
    return theirs;
  });
  t.ok(inFlight.allowance(connection) < 16);
  region.close();
  t.equal(inFlight.allowance(connection), 16);
  for (const socket of stopped) socket.close();
});

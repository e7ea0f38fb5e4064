import t, { type Test } from 'tap';
import { addressOf, libc } from '../../native/libc.js';
import { MessageBatch, MessageRows } from '../../native/message-batch.js';
import { createSocketPair } from '../../native/unix-socket.js';
import { Membership } from '../../src/protocol/membership.js';
import { Connection, hangUpOf, type ConnectionEvents } from '../../src/server/connection.js';
import { Slot } from '../../src/server/slot.js';
import { failing } from '../helper/fault.js';
import { until } from '../helper/until.js';

const byte = addressOf(new ArrayBuffer(1));

function connect(t: Test) {
  const [socket, other] = createSocketPair();
  const membership = new Membership({ memory: new MessageRows([]), vectors: 1 });
  const seen: string[] = [];
  const events: ConnectionEvents = {
    onHangUp: (gone, reason) => {
      seen.push(reason);
      gone.close();
    },
    onWritable: (writable) => {
      seen.push('writable');
      writable.awaitWritable(false);
    },
  };
  const credentials = { pid: 1, uid: 2, gid: 3 };
  const connection = new Slot(membership).enter(
    (place) => new Connection(socket, credentials, place, events),
  );
  t.teardown(() => {
    connection.close();
    connection.slot.leave();
    other.close();
  });
  return { connection, socket, other, seen };
}

t.test('the end of the stream is a hang-up', async (t) => {
  const { connection, other, seen } = connect(t);
  t.match(connection.credentials, { pid: 1, uid: 2, gid: 3 });
  other.close();
  await until('it is seen', () => seen.length > 0);
  t.same(seen, ['closed']);
  t.notOk(connection.socket.isOpen);
});

t.test('any byte is a hang-up', async (t) => {
  const { other, seen } = connect(t);
  libc.send(other.rawFd, byte, 1, 0);
  await until('it is seen', () => seen.length > 0);
  t.same(seen, ['sent data']);
});

t.test('who goes with messages unread is gone as well', async (t) => {
  const { socket, other, seen } = connect(t);
  const batch = new MessageBatch(1);
  batch.addNumber(0);
  batch.send(socket);
  other.close();
  await until('it is seen', () => seen.length > 0);
  t.same(seen, ['reset']);
});

t.test('room is told of only while it is waited for', async (t) => {
  const { connection, seen } = connect(t);
  connection.awaitWritable(true);
  await until('there is room', () => seen.length > 0);
  for (let turns = 0; turns < 20; turns += 1) await new Promise((resolve) => setImmediate(resolve));
  t.same(seen, ['writable']);
});

t.test('a hang-up comes before room: nobody writes to who has gone', async (t) => {
  const { connection, other, seen } = connect(t);
  connection.awaitWritable(true);
  other.close();
  await until('it is seen', () => seen.length > 0);
  t.same(seen, ['closed']);
});

t.test('a passing failure to read is no hang-up', async (t) => {
  const { socket } = connect(t);
  for (const code of ['ENOMEM', 'ENOBUFS', 'EAGAIN', 'EINTR'] as const) {
    failing(t, 'recv', code, { times: 1 });
    t.equal(hangUpOf(socket), undefined, code);
  }
});

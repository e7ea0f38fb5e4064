import t from 'tap';
import { createSocketPair } from '../../native/unix-socket.js';
import { Refuser } from '../../src/server/refuser.js';
import { failing } from '../helper/fault.js';
import { MessageReader } from '../helper/message-reader.js';
import type { Scope } from '../helper/temp.js';
import { until } from '../helper/until.js';

function setUp(t: Scope) {
  const refuser = new Refuser();
  const [socket, other] = createSocketPair();
  const peer = new MessageReader(other);
  t.teardown(() => {
    refuser.close();
    socket.close();
    peer.close();
  });
  const told: string[] = [];
  const read = (): boolean => {
    peer.read(({ text }) => told.push(text));
    return peer.isOver;
  };
  return { refuser, socket, peer, told, read };
}

t.test('who is refused is told why, and then it is over', async (t) => {
  const { refuser, socket, told, read } = setUp(t);
  refuser.refuse(socket, -13);
  t.ok(read());
  t.same(told, ['f3ffffffffffffff']);
  t.notOk(socket.isOpen);
  t.ok(refuser.isDone);
});

for (const code of ['EAGAIN', 'ENOBUFS', 'ENOMEM'] as const) {
  t.test(`on ${code} nobody is let go without having been told`, async (t) => {
    const { refuser, socket, told, read } = setUp(t);
    const fault = failing(t, 'sendmmsg', code, { times: 3 });
    refuser.refuse(socket, -24);
    t.notOk(refuser.isDone);
    t.notOk(read());
    await until('it is told', read);
    t.same(told, ['e8ffffffffffffff']);
    t.equal(fault.calls, 4);
    t.ok(refuser.isDone);
  });
}

t.test('who has gone in the meantime is let go', async (t) => {
  const { refuser, socket, peer } = setUp(t);
  peer.close();
  refuser.refuse(socket, -13);
  t.notOk(socket.isOpen);
  t.ok(refuser.isDone);
});

t.test('at the end nobody is left open', async (t) => {
  const { refuser, socket } = setUp(t);
  failing(t, 'sendmmsg', 'ENOBUFS');
  refuser.refuse(socket, -13);
  refuser.close();
  t.notOk(socket.isOpen);
  t.ok(refuser.isDone);
});

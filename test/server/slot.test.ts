import t from 'tap';
import { MessageRows } from '../../native/message-batch.js';
import { Membership } from '../../src/protocol/membership.js';
import { Slot, type Place } from '../../src/server/slot.js';
import type { Connection } from '../../src/server/connection.js';

function region(): Membership<MessageRows> {
  return new Membership({ memory: new MessageRows([]), vectors: 1 });
}

/** As much of a connection as a slot asks for. */
function connect(place: Place): Connection {
  return place as unknown as Connection;
}

t.test('a slot with neither name nor host goes with its owner, any other stays', async (t) => {
  const membership = region();
  for (const [options, stays] of [
    [{}, false],
    [{ name: 'web' }, true],
    [{ isHost: true }, true],
    [{ name: 'db', id: 9 }, true],
  ] as const) {
    const slot = new Slot(membership, options);
    t.same([slot.isAnnounced, slot.isFree], [false, true]);
    const { state } = slot.enter(connect);
    const { doorbells } = state.entry;
    t.same([slot.isAnnounced, slot.isFree, slot.id], [true, false, state.id]);
    slot.leave();
    t.same([slot.isAnnounced, slot.isFree], [stays, true]);
    if (stays) t.equal(slot.enter(connect).state.entry.doorbells, doorbells, 'the same doorbells');
    slot.close();
  }
});

t.test('of an owner whose connection cannot be made nothing is left, first or not', async (t) => {
  const membership = region();
  const slot = new Slot(membership, { name: 'web', id: 0 });
  const fail = (): never => {
    throw new Error('no');
  };
  t.throws(() => slot.enter(fail), { message: 'no' });
  t.same([slot.isAnnounced, slot.isFree, slot.id, membership.entries.length], [false, true, 0, 0]);
  slot.enter(connect);
  slot.leave();
  t.throws(() => slot.enter(fail), { message: 'no' });
  t.same([slot.isAnnounced, slot.isFree, membership.peers.length], [true, true, 0]);
  t.equal(slot.enter(connect).state.id, 0);
  slot.close();
});

t.test('a slot that goes gives back what it kept, and is owed to who knew it', async (t) => {
  const membership = region();
  const slot = new Slot(membership, { name: 'web', id: 9 });
  t.same([slot.suits(9), slot.suits(8), slot.suits(undefined)], [true, false, false]);
  t.same(slot.remove(), []);
  t.equal(membership.stateOf(9), 'free');
  const unnumbered = new Slot(membership, { name: 'db' });
  t.same([unnumbered.suits(undefined), unnumbered.suits(0)], [true, false]);
  unnumbered.enter(connect);
  t.throws(() => unnumbered.remove(), new RangeError('somebody has this slot'));
  t.same(
    [unnumbered.suits(undefined), unnumbered.suits(0), unnumbered.suits(1)],
    [true, true, false],
  );
  unnumbered.leave();
  t.same(unnumbered.remove(), [], 'nobody was told of it');
  t.same([membership.entries, membership.stateOf(0)], [[], 'free']);
});

t.test('an ID is reserved once, and nobody leaves who is not there', async (t) => {
  const membership = region();
  const slot = new Slot(membership, { name: 'web', id: 7 });
  t.throws(() => new Slot(membership, { name: 'db', id: 7 }), RangeError);
  t.throws(() => slot.leave(), new RangeError('nobody has this slot'));
});

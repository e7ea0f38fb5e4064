// The log and its cursors, through a fake link to handshakes at the other end.
import t from 'tap';
import { Membership } from '../../src/protocol/membership.js';
import { BoundedOutbox, doorbells, LinkedPeer, memory, type Rows } from '../helper/link.js';

function region(vectors: number): Membership<Rows> {
  return new Membership<Rows>({ memory, vectors });
}

/** Peers that joined and were told everything, except that nobody drained the news. */
function joined(membership: Membership<Rows>, count: number): LinkedPeer[] {
  const peers = Array.from({ length: count }, () => LinkedPeer.join(membership));
  for (const peer of peers) peer.serve();
  for (const peer of peers) peer.news();
  return peers;
}

t.test("the transcript of QEMU's specification", (t) => {
  const membership = region(1);
  const first = LinkedPeer.join(membership);
  first.serve();
  t.strictSame(first.news(), [
    '0000000000000000',
    '0000000000000000',
    'ffffffffffffffff memory',
    '0000000000000000 0.0',
  ]);

  const second = LinkedPeer.join(membership);
  second.serve();
  t.strictSame(second.news(), [
    '0000000000000000',
    '0100000000000000',
    'ffffffffffffffff memory',
    '0000000000000000 0.0',
    '0100000000000000 1.0',
  ]);
  first.serve();
  t.strictSame(first.news(), ['0100000000000000 1.0']);

  t.strictSame(membership.leave(second.state), [first.state], 'who is owed the news');
  first.serve();
  t.strictSame(first.news(), ['0100000000000000']);

  const third = LinkedPeer.join(membership);
  t.equal(third.state.id, 2, 'the next is 2, not 1 again');
  third.serve();
  t.strictSame(third.facts, [
    { type: 'version' },
    { type: 'id', id: 2 },
    { type: 'memory', fd: 'memory' },
    { type: 'doorbell', id: 0, vector: 0, fd: '0.0' },
    { type: 'doorbell', id: 2, vector: 0, fd: '2.0' },
  ]);
  t.end();
});

t.test('a newcomer meets those who are there, then itself, then those who come later', (t) => {
  const membership = region(2);
  joined(membership, 2);
  const newcomer = LinkedPeer.join(membership);
  LinkedPeer.join(membership);
  newcomer.serve();
  t.strictSame(newcomer.news(), [
    '0000000000000000',
    '0200000000000000',
    'ffffffffffffffff memory',
    '0000000000000000 0.0',
    '0000000000000000 0.1',
    '0100000000000000 1.0',
    '0100000000000000 1.1',
    '0200000000000000 2.0',
    '0200000000000000 2.1',
    '0300000000000000 3.0',
    '0300000000000000 3.1',
  ]);
  t.end();
});

t.test('what is said does not depend on the room there is, nor on how much of it is taken', (t) => {
  const whole = region(3);
  joined(whole, 2);
  const reference = LinkedPeer.join(whole);
  reference.serve();
  for (const [room, taken] of [
    [1, 1],
    [2, 2],
    [5, 5],
    [7, 3],
    [Infinity, 1],
    [Infinity, 4],
  ]) {
    const membership = region(3);
    joined(membership, 2);
    const peer = LinkedPeer.join(membership);
    while (!membership.isUpToDate(peer.state)) peer.serve(room, taken);
    t.strictSame(peer.transcript, reference.transcript, `room ${room}, taken ${taken}`);
  }
  t.end();
});

t.test('nothing is told by a fill alone, nor by a kernel that takes nothing', (t) => {
  const membership = region(2);
  const peer = LinkedPeer.join(membership);
  for (let time = 0; time < 3; time += 1) t.strictSame(peer.serve(Infinity, 0), []);
  const outbox = new BoundedOutbox(2);
  membership.fill(peer.state, outbox);
  t.strictSame(outbox.messages, [{ number: 0 }, { number: 0 }]);
  t.equal(peer.serve().length, 5);
  t.strictSame(peer.serve(), [], 'who knows all is told nothing');
  t.end();
});

t.test('a peer that leaves half announced is owed one leave, by those who heard of it', (t) => {
  const membership = region(4);
  const [half, whole, deaf] = joined(membership, 3) as [LinkedPeer, LinkedPeer, LinkedPeer];
  const brief = LinkedPeer.join(membership);
  half.serve(1);
  whole.serve();
  t.strictSame(half.news(), ['0300000000000000 3.0'], 'told 1 of 4 vectors');
  whole.news();

  t.strictSame(membership.leave(brief.state), [half.state, whole.state]);
  for (const peer of [half, whole, deaf]) while (!membership.isUpToDate(peer.state)) peer.serve(1);
  t.strictSame(half.news(), ['0300000000000000']);
  t.strictSame(whole.news(), ['0300000000000000']);
  t.strictSame(deaf.news(), [], 'who never heard of it is told nothing');
  t.end();
});

t.test('the join of a peer that left is not told any more', (t) => {
  const membership = region(2);
  const [peer] = joined(membership, 1) as [LinkedPeer];
  const left = LinkedPeer.join(membership);
  LinkedPeer.join(membership);
  t.strictSame(membership.leave(left.state), []);
  peer.serve();
  t.strictSame(peer.news(), ['0200000000000000 2.0', '0200000000000000 2.1']);
  t.end();
});

t.test('a leave is never put inside vectors', (t) => {
  const membership = region(3);
  const [peer, leaver] = joined(membership, 2) as [LinkedPeer, LinkedPeer];
  LinkedPeer.join(membership);
  LinkedPeer.join(membership);
  peer.serve(1);
  membership.leave(leaver.state);
  peer.serve();
  t.strictSame(peer.news(), [
    '0200000000000000 2.0',
    '0200000000000000 2.1',
    '0200000000000000 2.2',
    '0100000000000000',
    '0300000000000000 3.0',
    '0300000000000000 3.1',
    '0300000000000000 3.2',
  ]);
  t.end();
});

t.test("a leave is never put before a newcomer's own vectors", (t) => {
  for (const heard of [3, 4, 5, 6, 7, 8]) {
    const membership = region(2);
    const [first] = joined(membership, 2) as [LinkedPeer];
    const newcomer = LinkedPeer.join(membership);
    newcomer.serve(heard);
    const told = membership.leave(first.state);
    t.equal(told.length, heard === 3 ? 1 : 2, 'the second peer and, if it heard, the newcomer');
    newcomer.serve();
    const own = newcomer.transcript.lastIndexOf('0200000000000000 2.1');
    const leave = newcomer.transcript.indexOf('0000000000000000', 2);
    t.equal(leave, heard === 3 ? -1 : own + 1, `told ${heard} messages before`);
  }
  t.end();
});

t.test('leaves go before joins, in ascending order, as many as there is room for', (t) => {
  const membership = region(1);
  const [peer, ...others] = joined(membership, 5) as [LinkedPeer, ...LinkedPeer[]];
  LinkedPeer.join(membership);
  for (const other of others.reverse()) membership.leave(other.state);
  peer.serve(Infinity, 1);
  t.strictSame(peer.news(), ['0100000000000000']);
  peer.serve(2);
  t.strictSame(peer.news(), ['0200000000000000', '0300000000000000']);
  t.notOk(membership.isUpToDate(peer.state));
  peer.serve();
  t.strictSame(peer.news(), ['0400000000000000', '0500000000000000 5.0']);
  t.ok(membership.isUpToDate(peer.state));
  t.end();
});

t.test('a join that fails changes nothing', (t) => {
  const membership = region(1);
  const [peer] = joined(membership, 1) as [LinkedPeer];
  const failure = new Error('EMFILE');
  t.throws(
    () =>
      membership.join(() => {
        throw failure;
      }),
    failure,
  );
  t.equal(membership.peers.length, 1);
  t.equal(membership.idsLeft, 65_535);
  t.ok(membership.isUpToDate(peer.state));
  t.equal(membership.join((id) => doorbells(id, 1))?.id, 1);
  t.end();
});

t.test('a peer that is not there cannot leave', (t) => {
  const membership = region(1);
  const [first, second] = joined(membership, 2) as [LinkedPeer, LinkedPeer];
  membership.leave(second.state);
  t.throws(() => membership.leave(second.state), new RangeError('peer 1 is not there'));
  LinkedPeer.join(membership);
  t.throws(() => membership.leave(second.state), RangeError, 'nor does another leave in its place');
  t.strictSame(
    membership.peers.map(({ id }) => id),
    [0, 2],
  );
  first.serve();
  t.strictSame(first.news(), ['0100000000000000', '0200000000000000 2.0'], 'one leave');
  t.end();
});

t.test('of a welcome three messages are owed, whatever comes behind', (t) => {
  const membership = region(2);
  const peer = LinkedPeer.join(membership);
  for (const owed of [3, 2, 1, 0, 0]) {
    t.equal(membership.welcomeOwed(peer.state), owed);
    peer.serve(1);
  }
  t.end();
});

t.test('a peer is up to date when all is told', (t) => {
  const membership = region(2);
  const peer = LinkedPeer.join(membership);
  LinkedPeer.join(membership);
  for (let message = 0; message < 7; message += 1) {
    t.notOk(membership.isUpToDate(peer.state));
    peer.serve(1);
  }
  t.ok(membership.isUpToDate(peer.state));
  t.end();
});

t.test('the descriptors a peer is still owed are counted', (t) => {
  const membership = region(3);
  joined(membership, 1);
  const peer = LinkedPeer.join(membership);
  LinkedPeer.join(membership);
  const owed: number[] = [];
  for (let message = 0; message < 13; message += 1) {
    owed.push(membership.descriptorsOwed(peer.state));
    peer.serve(1);
  }
  t.strictSame(owed, [10, 10, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
  t.end();
});

t.test('a leave costs no descriptor, and takes those of the untold join away', (t) => {
  const membership = region(3);
  const [peer, told] = joined(membership, 2) as [LinkedPeer, LinkedPeer];
  const untold = LinkedPeer.join(membership);
  peer.serve(1);
  t.equal(membership.descriptorsOwed(peer.state), 2);
  membership.leave(told.state);
  t.equal(membership.descriptorsOwed(peer.state), 2);
  membership.leave(untold.state);
  t.equal(membership.descriptorsOwed(peer.state), 0);
  t.end();
});

t.test('an ID is not given again while a peer is there that knew its owner', (t) => {
  const membership = region(1);
  const [witness] = joined(membership, 1) as [LinkedPeer];
  // IDs 1 to 65,535 come and go; the witness hears of ID 1 alone.
  for (let id = 1; id < 65_536; id += 1) {
    const brief = LinkedPeer.join(membership);
    if (id === 1) witness.serve();
    membership.leave(brief.state);
  }
  t.equal(membership.idsLeft, 65_534);
  t.equal(membership.nextId, 2, 'asked in advance');
  const next = LinkedPeer.join(membership);
  t.equal(next.state.id, 2);
  next.serve();
  membership.leave(witness.state);
  t.equal(membership.idsLeft, 65_534, 'ID 1 is free again, ID 0 is known to the peer with ID 2');
  t.end();
});

t.test('when all 65,536 IDs are used up nobody joins until the witness leaves', (t) => {
  const membership = region(1);
  const [witness] = joined(membership, 1) as [LinkedPeer];
  for (let id = 1; id < 65_536; id += 1) {
    const brief = LinkedPeer.join(membership);
    witness.serve();
    membership.leave(brief.state);
  }
  witness.serve();
  t.equal(witness.facts.length, 4 + 2 * 65_535, 'each heard and gone once');
  t.equal(membership.idsLeft, 0);
  t.equal(membership.nextId, undefined);
  t.equal(
    membership.join((id) => doorbells(id, 1)),
    undefined,
  );
  t.equal(membership.peers.length, 1);
  membership.leave(witness.state);
  t.equal(membership.idsLeft, 65_536);
  t.equal(LinkedPeer.join(membership).state.id, 0);
  t.end();
});

t.test('65,536 peers can be there at once, and one more cannot', (t) => {
  const membership = region(1);
  const peers = Array.from({ length: 65_536 }, () => LinkedPeer.join(membership));
  t.equal(membership.idsLeft, 0);
  t.equal(
    membership.join((id) => doorbells(id, 1)),
    undefined,
  );
  const [first, second] = peers as [LinkedPeer, LinkedPeer];
  membership.leave(second.state);
  t.equal(LinkedPeer.join(membership).state.id, 1);
  t.equal(first.serve().length, 3 + 65_536);
  t.end();
});

t.test('the ID of one that leaves for good is not given again, though nobody knew of it', (t) => {
  const membership = region(1);
  const peer = LinkedPeer.join(membership);
  membership.exit(peer.state);
  t.strictSame(membership.remove(peer.state.entry, { isForGood: true }), []);
  t.equal(membership.stateOf(0), 'retired');
  t.equal(membership.nextId, 1);
  t.end();
});

t.test('a peer is set up when it was told its welcome and all of its own vectors', (t) => {
  const membership = region(2);
  joined(membership, 1);
  const { state } = LinkedPeer.join(membership);
  const steps: boolean[] = [];
  for (let message = 0; message < 7; message += 1) {
    steps.push(membership.isSetUp(state));
    membership.fill(state, new BoundedOutbox(1));
    membership.told(state, 1);
  }
  t.strictSame(steps, [false, false, false, false, false, false, false]);
  t.ok(membership.isSetUp(state), 'version, ID, memory, two of the other, two of its own');
  t.end();
});

// Slots: joins that stay in the log while their owners come and go.
import t from 'tap';
import type { Entry } from '../../src/protocol/join-log.js';
import { Membership } from '../../src/protocol/membership.js';
import { doorbells, LinkedPeer, memory, type Rows } from '../helper/link.js';

function region(vectors: number): Membership<Rows> {
  return new Membership<Rows>({ memory, vectors });
}

/** A slot that nobody owns yet. */
function slotIn(membership: Membership<Rows>): Entry<Rows> {
  return membership.add((id) => doorbells(id, membership.vectors))!;
}

/** A peer that joined and was told everything there is. */
function joined(membership: Membership<Rows>): LinkedPeer {
  const peer = LinkedPeer.join(membership);
  peer.serve();
  peer.news();
  return peer;
}

t.test('the owner of a slot meets those who are there, then itself, then who comes later', (t) => {
  const membership = region(1);
  joined(membership);
  const slot = slotIn(membership);
  joined(membership);
  const owner = LinkedPeer.enter(membership, slot);
  LinkedPeer.join(membership);
  owner.serve();
  t.strictSame(owner.news(), [
    '0000000000000000',
    '0100000000000000',
    'ffffffffffffffff memory',
    '0000000000000000 0.0',
    '0200000000000000 2.0',
    '0100000000000000 1.0',
    '0300000000000000 3.0',
  ]);
  t.end();
});

t.test('what its owner is told does not depend on how much of it is taken at a time', (t) => {
  const transcripts = [Infinity, 1, 2, 3, 4, 5, 7].map((taken) => {
    const membership = region(3);
    const slot = slotIn(membership);
    joined(membership);
    const owner = LinkedPeer.enter(membership, slot);
    LinkedPeer.join(membership);
    while (!membership.isUpToDate(owner.state)) owner.serve(Infinity, taken);
    return owner.news();
  });
  for (const transcript of transcripts) t.strictSame(transcript, transcripts[0]);
  t.end();
});

t.test('an owner that goes and comes back is news to nobody', (t) => {
  const membership = region(2);
  const peer = joined(membership);
  const slot = slotIn(membership);
  peer.serve();
  t.strictSame(peer.news(), ['0100000000000000 1.0', '0100000000000000 1.1'], 'one join');
  for (let visit = 0; visit < 1_000; visit += 1) {
    const owner = LinkedPeer.enter(membership, slot);
    owner.serve();
    membership.exit(owner.state);
  }
  t.ok(membership.isUpToDate(peer.state));
  t.equal(membership.descriptorsOwed(peer.state), 0);
  t.strictSame(peer.serve(), []);
  t.equal(membership.idsLeft, 65_534);
  t.end();
});

t.test('who comes while the owner is away is told of the slot', (t) => {
  const membership = region(1);
  membership.exit(joined(membership).state);
  const peer = LinkedPeer.join(membership);
  peer.serve();
  t.strictSame(peer.news().slice(3), ['0000000000000000 0.0', '0100000000000000 1.0']);
  t.strictSame(
    [membership.entries.map(({ id }) => id), membership.peers.map(({ id }) => id)],
    [[0, 1], [1]],
  );
  t.end();
});

t.test('an owner is owed the descriptors of the others and its own, each once', (t) => {
  const membership = region(3);
  const slot = slotIn(membership);
  joined(membership);
  const owner = LinkedPeer.enter(membership, slot);
  LinkedPeer.join(membership);
  const owed: number[] = [];
  for (let message = 0; message < 13; message += 1) {
    owed.push(membership.descriptorsOwed(owner.state));
    owner.serve(1);
  }
  t.strictSame(owed, [10, 10, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0]);
  t.end();
});

t.test("a leave is never put before an owner's own vectors", (t) => {
  const membership = region(2);
  const slot = slotIn(membership);
  const peer = joined(membership);
  const owner = LinkedPeer.enter(membership, slot);
  owner.serve(6);
  t.strictSame(membership.leave(peer.state), [owner.state]);
  owner.serve();
  t.strictSame(owner.news().slice(3), [
    '0100000000000000 1.0',
    '0100000000000000 1.1',
    '0000000000000000 0.0',
    '0000000000000000 0.1',
    '0100000000000000',
  ]);
  t.end();
});

t.test('an owner that goes forgets the retired IDs that it knew', (t) => {
  const membership = region(1);
  const slot = slotIn(membership);
  const owner = LinkedPeer.enter(membership, slot);
  const peer = LinkedPeer.join(membership);
  owner.serve();
  membership.leave(peer.state);
  t.equal(membership.idsLeft, 65_534, 'the ID of the slot, and the one its owner knew');
  membership.exit(owner.state);
  t.equal(membership.idsLeft, 65_535);
  t.strictSame(LinkedPeer.enter(membership, slot).serve().slice(3), doorbells(0, 1));
  t.end();
});

t.test('the leave of a slot is told to those who heard of it, and to nobody else', (t) => {
  const membership = region(1);
  const witness = joined(membership);
  const slot = slotIn(membership);
  const deaf = LinkedPeer.join(membership);
  witness.serve(1);
  t.strictSame(membership.remove(slot), [witness.state]);
  t.equal(membership.idsLeft, 65_533);
  deaf.serve();
  t.notOk(deaf.transcript.includes('0100000000000000 1.0'));
  t.end();
});

t.test('a slot has one owner at a time, and goes only without', (t) => {
  const membership = region(1);
  const slot = slotIn(membership);
  const owner = LinkedPeer.enter(membership, slot);
  t.throws(() => membership.enter(slot), new RangeError('peer ID 0 has an owner'));
  t.throws(() => membership.remove(slot), new RangeError('peer ID 0 has an owner'));
  membership.exit(owner.state);
  t.throws(() => {
    membership.exit(owner.state);
  }, new RangeError('peer 0 is not there'));
  const next = LinkedPeer.enter(membership, slot);
  t.throws(() => membership.leave(owner.state), RangeError, 'nor does another leave in its place');
  membership.leave(next.state);
  t.throws(() => membership.enter(slot), new RangeError('peer ID 0 is not there'));
  t.throws(() => membership.remove(slot), new RangeError('peer ID 0 is not there'));
  t.end();
});

t.test(
  'a reserved ID is whose it is kept for, whenever that comes, and nobody else has it',
  (t) => {
    const membership = region(1);
    for (const id of [0, 40_000]) membership.reserve(id);
    t.equal(membership.idsLeft, 65_534);
    const first = joined(membership);
    t.equal(first.state.id, 1, 'the first to come is not the first of all');
    const slot = membership.add((id) => doorbells(id, 1), 40_000)!;
    const owner = LinkedPeer.enter(membership, slot);
    owner.serve();
    t.strictSame(owner.news().slice(1), [
      '409c000000000000',
      'ffffffffffffffff memory',
      '0100000000000000 1.0',
      '409c000000000000 40000.0',
    ]);
    const late = LinkedPeer.enter(
      membership,
      membership.add((id) => doorbells(id, 1), 0)!,
    );
    for (const peer of [first, owner]) t.strictSame(peer.serve().at(-1), { number: 0, fd: '0.0' });
    late.serve();
    t.strictSame(late.news().slice(3), [
      '0100000000000000 1.0',
      '409c000000000000 40000.0',
      '0000000000000000 0.0',
    ]);
    t.equal(joined(membership).state.id, 2);
    t.equal(membership.idsLeft, 65_532);
    t.end();
  },
);

t.test('a join under an ID that is not reserved is a bug, and changes nothing', (t) => {
  const membership = region(1);
  membership.reserve(3);
  t.throws(() => membership.reserve(3), RangeError);
  const encode = (): Rows => {
    throw new Error('nobody asks for it');
  };
  t.throws(() => membership.add(encode, 0), new RangeError('peer ID 0 is not reserved'));
  const entry = membership.add((id) => doorbells(id, 1), 3)!;
  t.throws(() => membership.add(encode, 3), new RangeError('peer ID 3 is not reserved'));
  membership.remove(entry);
  membership.reserve(3);
  t.ok(
    membership.add((id) => doorbells(id, 1), 3),
    'what nobody was told of can be taken back',
  );
  t.equal(membership.idsLeft, 65_535);
  t.end();
});

t.test(
  'beside reserved IDs 65,536 peers come, and those for whom they are kept still have them',
  (t) => {
    const membership = region(0);
    const reserved = [0, 9, 10, 32_768, 65_535];
    for (const id of reserved) membership.reserve(id);
    const ids = new Set<number>();
    for (let come = 0; come < 65_536; come += 1) {
      const peer = membership.join((id) => doorbells(id, 0))!;
      ids.add(peer.id);
      membership.leave(peer);
    }
    t.equal(ids.size, 65_531, 'all but the reserved, around the end');
    t.notOk(reserved.some((id) => ids.has(id)));
    while (membership.join((id) => doorbells(id, 0)));
    t.equal(membership.idsLeft, 0);
    for (const id of reserved) t.equal(membership.add((own) => doorbells(own, 0), id)?.id, id);
    t.end();
  },
);

t.test('an ID that is kept no longer is free; one with an entry is not kept any more', (t) => {
  const membership = region(1);
  const peer = joined(membership);
  for (const id of [1, 65_535]) membership.reserve(id);
  const slot = membership.add((id) => doorbells(id, 1), 65_535)!;
  membership.release(1);
  t.throws(() => {
    membership.release(65_535);
  }, RangeError);
  const states = (): string[] => [0, 1, 65_535].map((id) => membership.stateOf(id));
  t.strictSame(states(), ['in use', 'free', 'in use']);
  peer.serve();
  membership.remove(slot);
  t.strictSame(states(), ['in use', 'free', 'retired'], 'somebody was told of it');
  membership.leave(peer.state);
  t.strictSame(states(), ['free', 'free', 'free']);
  t.equal(membership.idsLeft, 65_536);
  t.end();
});

import t from 'tap';
import { descriptorCount, ownDescriptorLimit } from '../../native/descriptor-limit.js';
import { MessageRows } from '../../native/message-batch.js';
import { Membership } from '../../src/protocol/membership.js';
import {
  refusalOf,
  type Claim,
  type Policy,
  type RegionParts,
} from '../../src/server/admission-check.js';
import { QemuGuard } from '../../src/server/qemu-guard.js';
import { Slots } from '../../src/server/slots.js';
import { refusalErrno } from '../../src/protocol/refusal-reason.js';

const somebody = { pid: process.pid, uid: 0, gid: 0 };
const door = { path: '/s', isHost: false };
const rows = new MessageRows([]);

type Rules = RegionParts & Policy;

function rules(more: Partial<Rules> & { vectors?: number } = {}): Rules {
  const { vectors = 1 } = more;
  const membership = new Membership<MessageRows>({ memory: rows, vectors });
  return {
    membership,
    slots: new Slots(membership),
    guard: new QemuGuard(vectors, () => 0),
    maxPeers: 65_536,
    allowExcessVectors: true,
    ...more,
  };
}

t.test('where there is room for a peer it is welcome', async (t) => {
  t.equal(refusalOf(rules(), somebody, door), undefined);
});

t.test('a region takes so many peers and no more', async (t) => {
  const full = rules({ maxPeers: 2 });
  full.membership.join(() => rows);
  t.equal(refusalOf(full, somebody, door), undefined);
  const last = full.membership.join(() => rows)!;
  t.match(refusalOf(full, somebody, door), {
    reason: 'peers',
    version: -refusalErrno.peers,
    message: /2 peers/,
    remedy: /--max-peers/,
  });
  full.membership.leave(last);
  t.equal(refusalOf(full, somebody, door), undefined);
});

t.test('without an ID nobody is taken', async (t) => {
  const full = rules({ maxPeers: Infinity });
  while (full.membership.idsLeft > 0) full.membership.join(() => rows);
  t.match(refusalOf(full, somebody, door), { reason: 'ids', version: -refusalErrno.ids });
});

const vms = [{ name: 'web', id: undefined, socket: '/web', rule: undefined }];

/** What a VM that is away, and has never been there, claims. */
function claimOf({ slots }: RegionParts): Claim {
  return { slots: slots.vms, slot: slots.vms[0] };
}

t.test('the last ID is kept for a VM that was never there', async (t) => {
  const { membership } = rules();
  const full = rules({ maxPeers: Infinity, membership, slots: new Slots(membership, vms) });
  while (membership.idsLeft > 1) membership.join(() => rows);
  t.match(refusalOf(full, somebody, door), { reason: 'ids', message: /kept for VMs/ });
  t.equal(refusalOf(full, somebody, door, claimOf(full)), undefined);
});

t.test('descriptors are kept for VMs that are away, and not from them', async (t) => {
  const limit = ownDescriptorLimit();
  // Room for two, and for the server itself.
  const vectors = Math.floor((limit - descriptorCount('self')! - 40) / 2);
  const { membership } = rules({ vectors });
  const one = rules({ vectors, membership, slots: new Slots(membership, vms) });
  t.equal(refusalOf(one, somebody, door), undefined);
  const slots = new Slots(membership, [...vms, { ...vms[0]!, name: 'db', id: 7 }]);
  const two = rules({ vectors, membership, slots });
  t.match(refusalOf(two, somebody, door), {
    reason: 'descriptors',
    message: new RegExp(`keeps ${16 + 2 * (vectors + 1)}, and needs ${vectors}`),
  });
  t.equal(refusalOf(two, somebody, door, claimOf(two)), undefined);
});

t.test('a hundred VMs that are taken are told in one short line', async (t) => {
  const { membership } = rules();
  const many = Array.from({ length: 100 }, (_, id) => ({ ...vms[0]!, name: `vm${id}`, id }));
  const slots = new Slots(membership, many);
  const refused = refusalOf(rules({ membership, slots }), somebody, door, {
    slots: slots.vms,
    slot: undefined,
  });
  t.match(refused, { reason: 'taken', message: /^vm0 .*, vm1 .*, vm2 .*, and 97 more$/ });
});

t.test('a newcomer for whose doorbells there are no descriptors is refused', async (t) => {
  const vectors = ownDescriptorLimit();
  t.match(refusalOf(rules({ vectors }), somebody, door), {
    reason: 'descriptors',
    version: -refusalErrno.descriptors,
    message: new RegExp(`\\b${vectors}\\b.*\\b16\\b`),
    remedy: /LimitNOFILE=/,
  });
});

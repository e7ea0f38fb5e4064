// A server that has a few descriptors left, or none, while a newcomer is judged by a rule: the newcomer is told
// so, whatever it takes to judge it, and the server lives.
import t from 'tap';
import { descriptorCount } from '../../native/descriptor-limit.js';
import { connectSocket } from '../../native/unix-socket.js';
import { ownDescriptors } from '../../src/server/own-descriptors.js';
import { failing } from '../helper/fault.js';
import { Ledger } from '../helper/ledger.js';
import { MessageReader } from '../helper/message-reader.js';
import { need } from '../helper/need.js';
import { Region } from '../helper/region.js';
import { StrictPeer } from '../helper/strict-peer.js';
import { until } from '../helper/until.js';
import { withoutRoomUntil } from '../native/no-room.js';

const user = process.getuid?.() ?? 0;
const group = process.getgid?.() ?? 0;
const nobody = 4_294_967_294;

const kinds = {
  'its user': { access: [{ user }] },
  'its group': { access: [{ group }] },
  'another user': { access: [{ user: nobody }] },
  'another group': { access: [{ group: nobody }] },
  'a unit': { access: [{ unit: '*' }] },
  'another unit, or its user': { access: [{ unit: 'no.service' }, { user }] },
  'a VM of a unit': { vms: [{ name: 'web', unit: 'web.service' }] },
  'a VM by its name': { vms: [{ name: 'web', qemuName: 'web' }] },
};

for (const [kind, options] of Object.entries(kinds)) {
  t.test(`${kind}: without descriptors left it is told that`, need('pidfd'), async (t) => {
    const region = await Region.listen(t, { vectors: 1, ...options });
    const before = descriptorCount('self');
    for (let left = 0; left <= 6; left += 1) {
      const reader = new MessageReader(connectSocket(region.socket)!);
      const texts: string[] = [];
      await withoutRoomUntil(async () => {
        ownDescriptors(Infinity); // looks again
        await until('it is told', () => {
          reader.read(({ text }) => texts.push(text));
          return reader.isOver;
        });
      }, left);
      reader.close();
      // With enough to look at it, who it is can be the reason.
      const isStranger = kind.startsWith('another user') || kind.startsWith('another group');
      const answers = isStranger || kind === 'a unit' ? ['e8', 'f3'] : ['e8'];
      t.ok(
        answers.some((byte) => texts.join() === `${byte}ffffffffffffff`),
        `${left} left: ${texts.join()}`,
      );
      if (left < 2) t.equal(texts.join(), 'e8ffffffffffffff', 'minus 24, EMFILE');
      t.equal(descriptorCount('self'), before, 'nothing leaks');
    }
    t.equal(region.refusals.length, 7);
    t.equal(region.joins, 0);
  });
}

for (const code of ['EMFILE', 'ENFILE', 'ENOMEM'] as const) {
  for (const call of ['open', 'read'] as const) {
    t.test(`${code} from each ${call} while it is judged is told`, need('pidfd'), async (t) => {
      const region = await Region.listen(t, {
        vectors: 1,
        access: [{ unit: 'no.service' }, { user }],
        vms: [{ name: 'web', qemuName: 'web' }],
      });
      const before = descriptorCount('self');
      const count = call === 'open' ? 6 : 12; // fdinfo, cgroup, fdinfo; fdinfo, cmdline, fdinfo
      for (let after = 0; after < count; after += 1) {
        const fault = failing(t, call, code, { after, times: 1 });
        const peer = await StrictPeer.join(t, region.socket, { vectors: 1, ledger: new Ledger() });
        fault.restore();
        t.match(peer.refusal, { EMFILE: -24, ENFILE: -23, ENOMEM: -12 }[code], `call ${after + 1}`);
        peer.close();
      }
      t.same([region.joins, region.refusals.length], [0, count]);
      t.equal(descriptorCount('self'), before, 'nothing leaks');
    });
  }
}

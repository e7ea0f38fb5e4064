// Room for VMs that are away, where several regions have one limit of descriptors.
import t, { type Test } from 'tap';
import { ownDescriptors } from '../../src/server/own-descriptors.js';
import { Region } from '../helper/region.js';
import { Stranger } from '../helper/stranger.js';
import { temp } from '../helper/temp.js';
import { withoutRoomUntil } from '../native/no-room.js';

/** How many of thirty peers another region takes while descriptors are few. */
async function flood(t: Test, region: Region): Promise<number> {
  const versions = await new Stranger(t, region.socket, { count: 30 }).versions(30);
  t.ok(versions.every((version) => version === 0 || version === -24));
  return versions.filter((version) => version === 0).length;
}

t.test('the peers of another region do not take the room of a VM', async (t) => {
  const other = await Region.listen(t, { vectors: 4, maxPeers: 1_000 });
  const socket = `${temp(t)}/web`;
  await Region.listen(t, { vectors: 16, vms: [{ name: 'web', socket }] });
  await withoutRoomUntil(async () => {
    ownDescriptors(Infinity); // looks again
    const joined = await flood(t, other);
    t.ok(joined > 0 && joined < 30, `${joined} of 30`);
    t.same(await new Stranger(t, socket).versions(), [0]);
  }, 100);
});

t.test('a region that has ended keeps no room', async (t) => {
  const other = await Region.listen(t, { vectors: 4, maxPeers: 1_000 });
  const vms = Array.from({ length: 10 }, (_, index) => ({
    name: `vm${index}`,
    socket: `${temp(t)}/s`,
  }));
  const { server } = await Region.listen(t, { vectors: 16, vms });
  await withoutRoomUntil(async () => {
    ownDescriptors(Infinity);
    t.equal(await flood(t, other), 0);
    await server.close();
    t.ok((await flood(t, other)) > 0);
  }, 100);
});

import t from 'tap';
import { ControlClient } from '../../../src/control/client.js';
import { examine } from '../../../src/control/doctor/examine.js';
import { hidden } from '../../../src/control/doctor/checks/hidden.js';
import { LockFile } from '../../../src/server/lock-file.js';
import { answering } from '../../helper/answering.js';
import { asUser } from '../../helper/as-user.js';
import { ownSceneOf, sceneOf } from '../../helper/doctor.js';
import { impostor } from '../../helper/impostor.js';
import { need } from '../../helper/need.js';
import { Ledger } from '../../helper/ledger.js';
import { Lab } from '../../helper/lab.js';
import { Region } from '../../helper/region.js';
import { StrictPeer } from '../../helper/strict-peer.js';
import { temp } from '../../helper/temp.js';

t.test('to look at a region is no join, and uses up no ID', async (t) => {
  const region = await Region.listenWithHost(t, { vectors: 3 });
  const scene = await ownSceneOf({ sockets: [region.socket] });
  t.match(scene.regions, [{ sockets: [region.socket], vectors: 3, peers: undefined }]);
  await examine(scene);
  t.strictSame([region.joins, region.refusals], [0, []]);
  const peer = await StrictPeer.join(t, region.socket, { vectors: 3, ledger: new Ledger() });
  t.equal(peer.id, 0);
});

t.test('a server without a socket for host commands is not asked', async (t) => {
  const region = await Region.listen(t, {});
  t.strictSame((await ownSceneOf({ sockets: [region.socket] })).regions, []);
  t.strictSame([region.joins, region.refusals], [0, []]);
});

t.test('a server with a control socket tells all its regions', async (t) => {
  const { socket, status: askStatus } = await Lab.start(t, ['--vectors', '2']);
  const scene = await ownSceneOf({ sockets: [socket], askStatus });
  t.match(scene.regions, [{ name: 's', sockets: [socket], vectors: 2, peers: [] }]);
  t.ok(scene.regions[0]?.memory);
});

t.test('who answers nothing, or rubbish, for a region is left out', async (t) => {
  for (const rubbish of ['', 'hello', '{"vectors":'.padEnd(20_000)]) {
    const socket = `${temp(t)}/s`;
    // As a server: nobody else is asked.
    const lock = LockFile.acquire(`${socket}.host`) as LockFile;
    let asked = 0;
    await answering(t, `${socket}.host`, (connection) => {
      asked += 1;
      connection.write(rubbish);
    });
    t.strictSame((await ownSceneOf({ sockets: [socket] })).regions, []);
    t.equal(asked, 1);
    lock.close();
  }
});

t.test('who answers rubbish on a control socket is no server', async (t) => {
  for (const rubbish of ['hello', 'HTTP/1.1 200 OK\r\n\r\nhello', 'HTTP/1.1 500 No\r\n\r\n{}']) {
    const path = `${temp(t)}/control`;
    await answering(t, path, (connection) => connection.end(rubbish));
    const askStatus = (): ReturnType<ControlClient['status']> => new ControlClient(path).status();
    t.match(await ownSceneOf({ askStatus }), {
      status: undefined,
      absence: { message: /no control socket|hang up/ },
    });
  }
});

const naming = (sockets: readonly string[]): string[] =>
  sockets.flatMap((socket, index) => [
    ...['-chardev', `socket,path=${socket},id=c${index}`],
    ...['-device', `ivshmem-doorbell,chardev=c${index}`],
  ]);

t.test('sockets that a stranger made up keep no other from being looked at', async (t) => {
  const directory = temp(t);
  const names = Array.from({ length: 400 }, (_, index) => `${directory}/${index}`);
  await impostor(t, { args: naming(names) });
  const { socket } = await Region.listenWithHost(t, { vectors: 4 });
  await impostor(t, { args: naming([socket]) });
  const scene = await sceneOf();
  t.match(
    scene.regions.filter(({ name }) => name === socket),
    [{ vectors: 4 }],
  );
  t.strictSame(
    scene.sockets.filter((one) => names.includes(one)),
    [],
  );
});

t.test(
  'sockets that a stranger has by the hundred hide none of another user',
  need('root'),
  async (t) => {
    const directory = temp(t);
    const names = Array.from({ length: 300 }, (_, index) => `${directory}/${index}`);
    for (const name of names) await answering(t, name, (connection) => connection.destroy());
    await impostor(t, { args: naming(names), as: asUser(65_534) });
    const { socket } = await Region.listenWithHost(t, { vectors: 4 });
    await impostor(t, { args: naming([socket]) });
    const scene = await sceneOf();
    t.match(
      scene.regions.filter(({ name }) => name === socket),
      [{ vectors: 4 }],
    );
    t.ok(scene.unasked >= 44, 'and those that are left out are counted');
    t.match(
      (await hidden.look(scene)).filter(({ subject }) => / sockets?$/.test(subject)),
      [{ severity: 'note', message: /too many/ }],
    );
  },
);

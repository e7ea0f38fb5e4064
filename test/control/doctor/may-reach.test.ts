// What is said here is what the kernel says to somebody who tries.
import { spawnSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync } from 'node:fs';
import t from 'tap';
import { obstacle } from '../../../src/control/doctor/may-reach.js';
import { need } from '../../helper/need.js';
import { Region } from '../../helper/region.js';
import { temp } from '../../helper/temp.js';

const UID = 65_534;

t.test('the kernel agrees on every mode, owner and group', need('root'), async (t) => {
  const outer = temp(t);
  chmodSync(outer, 0o755);
  const directory = `${outer}/d`;
  mkdirSync(directory);
  const { socket } = await Region.listen(t, { socket: `${directory}/s` });
  let reached = 0;
  for (const [uid, gid, groups] of [
    [UID, UID, []],
    [UID, 1, [UID]],
    [1, 1, []],
  ] as const)
    for (const owner of [0, UID])
      for (const [directoryMode, mode] of [
        [0o755, 0o600],
        [0o750, 0o660],
        [0o705, 0o606],
        [0o710, 0o020],
        [0o711, 0o666],
        [0o700, 0o777],
      ] as const) {
        chownSync(directory, owner, UID);
        chmodSync(directory, directoryMode);
        chownSync(socket, owner, UID);
        chmodSync(socket, mode);
        const list = groups.length > 0 ? ['--groups', groups.join()] : ['--clear-groups'];
        const user = ['--reuid', `${uid}`, '--regid', `${gid}`, ...list, 'test', '-w', socket];
        const isReached = spawnSync('setpriv', user).status === 0;
        reached += isReached ? 1 : 0;
        const said = obstacle({ uid, gid, groups }, socket) === undefined;
        t.equal(said, isReached, `${uid} ${gid} ${owner} ${directoryMode} ${mode}`);
      }
  t.ok(reached > 5);
  t.equal(obstacle({ uid: 0, gid: 0, groups: [] }, socket), undefined, 'root may');
});

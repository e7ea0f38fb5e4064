// What root changes at a path that others can write beside.
import {
  chmodSync,
  linkSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import t from 'tap';
import { onSocket } from '../../src/server/own-socket.js';
import { Region } from '../helper/region.js';
import { temp } from '../helper/temp.js';

const no = { code: 'ERR_IVSHMEM_NOT_A_SOCKET' };

t.test('what is no socket, or another, is not acted on', async (t) => {
  const { socket } = await Region.listen(t, {});
  const { socket: other } = await Region.listen(t, {});
  const inode = statSync(socket, { bigint: true }).ino;
  const directory = temp(t);
  writeFileSync(`${directory}/file`, '');
  symlinkSync(socket, `${directory}/link`);
  const act = (): void => {
    t.fail('it was acted on');
  };
  for (const path of [`${directory}/file`, `${directory}/link`, directory]) {
    t.throws(() => onSocket(path, undefined, act), no, path);
  }
  t.throws(() => onSocket(other, inode, act), no);
  t.throws(() => onSocket(`${directory}/none`, inode, act), { code: 'ENOENT' });
});

t.test('what takes the place of a socket meanwhile is not what is changed', async (t) => {
  const { socket } = await Region.listen(t, {});
  const file = `${temp(t)}/file`;
  writeFileSync(file, '', { mode: 0o600 });
  linkSync(socket, `${socket}.kept`);
  onSocket(socket, statSync(socket, { bigint: true }).ino, (handle) => {
    rmSync(socket);
    symlinkSync(file, socket);
    chmodSync(handle, 0o666);
  });
  t.equal(statSync(file).mode & 0o777, 0o600);
  t.equal(statSync(`${socket}.kept`).mode & 0o777, 0o666);
  renameSync(`${socket}.kept`, socket);
});

import { existsSync, symlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { claimsTo, claimTo } from '../../src/control/served.js';
import { LockFile } from '../../src/server/lock-file.js';
import { bytesRead } from '../helper/bytes-read.js';
import { Child } from '../helper/child.js';
import { ivshmem } from '../helper/command.js';
import { isListening } from '../helper/look.js';
import { Region } from '../helper/region.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';

t.test('who holds the lock serves, or is about to', async (t) => {
  const path = `${temp(t)}/s`;
  t.match(claimTo(path), { target: undefined, lock: undefined, isServed: false });
  using lock = LockFile.acquire(path) as LockFile;
  t.match(claimTo(path), { target: undefined, lock: { size: 0n }, isServed: true });
  lock.close();
  t.equal(claimTo(path).isServed, false);
});

t.test('who listens serves, whatever path it was started with', async (t) => {
  const { socket } = await Region.listen(t, {});
  const link = `${temp(t)}/link`;
  symlinkSync(socket, link);
  for (const path of [socket, link]) t.equal(claimTo(path).isServed, true);
});

t.test('a path that was relative is found, too', async (t) => {
  const directory = temp(t);
  const started = [...ivshmem, 'serve', '--socket', 's'].join(' ');
  new Child(t, ['sh', '-c', `cd ${directory} && exec ${started}`]);
  await until('it listens', () => existsSync(`${directory}/s`) && isListening('s'));
  t.equal(claimTo(`${directory}/s`).isServed, true);
});

t.test('looking takes no lock: a server can start at any moment', async (t) => {
  const path = `${temp(t)}/s`;
  writeFileSync(`${path}.lock`, '');
  t.match(claimTo(path), { lock: { size: 0n }, isServed: false });
  const lock = LockFile.acquire(path);
  t.ok(lock instanceof LockFile);
  if (lock instanceof LockFile) lock.close();
});

t.test('a file with something in it is no lock file of ours', async (t) => {
  const path = `${temp(t)}/s`;
  writeFileSync(`${path}.lock`, '4711');
  t.match(claimTo(path), { lock: undefined, isServed: false });
});

t.test('many paths are looked at together, and each has the claim that it has alone', async (t) => {
  const { socket } = await Region.listen(t, {});
  const directory = temp(t);
  const link = `${directory}/link`;
  symlinkSync(socket, link);
  using lock = LockFile.acquire(`${directory}/locked`) as LockFile;
  const others = Array.from({ length: 300 }, (_, index) => `${directory}/${index}`);
  const paths = [socket, link, `${directory}/locked`, ...others];
  const one = bytesRead(() => claimTo(socket));
  let claims = new Map<string, object>();
  const all = bytesRead(() => (claims = claimsTo(paths)));
  t.ok(all < 10 * one, `${all} bytes, for one ${one}`);
  for (const path of paths.slice(0, 5)) t.strictSame(claims.get(path), claimTo(path), path);
  lock.close();
});

// What is mapped here is this process's own, which /proc tells as it does another's.
import { fstatSync, ftruncateSync, openSync, rmSync } from 'node:fs';
import t from 'tap';
import { Fd } from '../../native/fd.js';
import { Mapping } from '../../native/mapping.js';
import { createMemfd, resizeMemory } from '../../native/memory.js';
import { sharedMappings, type SharedMapping } from '../../native/process-mappings.js';
import { temp } from '../helper/temp.js';
import { unprivileged } from './other-user.js';

const PAGE = 4096;

function mappingOf(path: string): SharedMapping | undefined {
  return sharedMappings(process.pid)?.mappings.find((mapping) => mapping.path === path);
}

t.test('device and inode are what stat says, of a file, of a memfd and in /dev/shm', async (t) => {
  for (const path of [`${temp(t)}/ö`, `/dev/shm/ivshmem-test-${process.pid}`, 'memfd']) {
    using fd = path === 'memfd' ? createMemfd('maps-test') : new Fd(openSync(path, 'w+', 0o600));
    ftruncateSync(fd.rawFd, PAGE);
    using mapping = new Mapping(fd, { offset: 0, length: PAGE });
    const { dev, ino } = fstatSync(fd.rawFd, { bigint: true });
    const shown = path === 'memfd' ? '/memfd:maps-test (deleted)' : path;
    t.strictSame(mappingOf(shown), { path: shown, device: dev, inode: ino });
    mapping.close();
    t.equal(mappingOf(shown), undefined);
    rmSync(path, { force: true });
  }
});

t.test('a list of any length is read, up to what is asked for', async (t) => {
  const pages = 3_000;
  using fd = createMemfd('many');
  resizeMemory(fd, pages * PAGE);
  const mappings: Mapping[] = [];
  // Neighbours in memory that are none in the file stay apart.
  for (let page = pages - 1; page >= 0; page -= 2)
    mappings.push(new Mapping(fd, { offset: page * PAGE, length: PAGE }));
  const seen = sharedMappings(process.pid);
  t.equal(seen?.isWhole, true);
  t.equal(seen?.mappings.filter(({ path }) => path.startsWith('/memfd:many')).length, pages / 2);
  const few = sharedMappings(process.pid, { maxBytes: 1_000 });
  t.equal(few?.isWhole, false);
  for (const mapping of mappings) mapping.close();
});

t.test('who is gone, and who is not for us to see, is a value', async (t) => {
  t.equal(sharedMappings(2 ** 22 + 1), undefined);
  t.equal(
    unprivileged(() => sharedMappings(1)),
    undefined,
  );
});

import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  fstatSync,
  linkSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import t, { type Test } from 'tap';
import { readSeals } from '../../native/memory.js';
import { openRegionMemory, type RegionMemory } from '../../src/server/memory.js';
import { checkOptions, type ServerOptions } from '../../src/server/options.js';
import { failing } from '../helper/fault.js';
import { need } from '../helper/need.js';
import { temp } from '../helper/temp.js';

const M = 1024 ** 2;

async function open(t: Test, options: Partial<ServerOptions>): Promise<RegionMemory> {
  const memory = await openRegionMemory(checkOptions({ socket: 's', size: M, ...options }));
  t.teardown(() => {
    memory.close();
  });
  return memory;
}

/** Size, bytes allocated, mode. */
function facts({ fd }: RegionMemory): number[] {
  const { size, blocks, mode } = fstatSync(fd.rawFd);
  return [size, blocks * 512, mode & 0o777];
}

t.test('without a name it is a memfd, whole and sealed', async (t) => {
  const memory = await open(t, {});
  t.match(memory, { kind: 'memfd', sizeBytes: M, isAdopted: false });
  t.same(facts(memory).slice(0, 2), [M, M]);
  t.equal(readSeals(memory.fd), 1 | 2 | 4, 'against sealing, shrinking and growing');
  t.equal(statSync(memory.path).ino, fstatSync(memory.fd.rawFd).ino, 'others can open it there');
  memory.unlink();
  memory.close();
  memory.close();
});

t.test('on huge pages it is sealed as well', need('hugepages'), async (t) => {
  const memory = await open(t, { hugePageBytes: 2_097_152, size: 2 * M });
  t.equal(readSeals(memory.fd), 1 | 2 | 4);
});

t.test('in a directory it has no name', async (t) => {
  const directory = temp(t);
  const memory = await open(t, { memPath: directory, memMode: 0o640 });
  t.match(memory, { kind: 'unnamed file', isAdopted: false });
  t.same(facts(memory), [M, M, 0o640]);
  t.same(readdirSync(directory), []);
});

/** What can be in a file system or among the POSIX names is treated alike. */
const named = {
  file: (t: Test) => {
    const directory = temp(t);
    return { options: { memPath: `${directory}/m` }, directory, name: 'm' };
  },
  shm: (t: Test) => {
    const name = `ivshmem-test-${process.pid}-${t.name.length}`;
    t.teardown(() => {
      execFileSync('rm', ['-f', `/dev/shm/${name}`, `/dev/shm/${name}.lock`]);
    });
    return { options: { shmName: name }, directory: '/dev/shm', name };
  },
} as const;

for (const [kind, place] of Object.entries(named)) {
  t.test(`a ${kind} stays at the end, and goes when asked`, async (t) => {
    const { options, directory, name } = place(t);
    const isThere = (): boolean => readdirSync(directory).includes(name);
    const first = await open(t, { ...options, memMode: 0o660 });
    t.match(first, { kind, isAdopted: false, path: `${directory}/${name}` });
    t.same(facts(first), [M, M, 0o660]);
    first.close();
    t.ok(isThere());
    t.notOk(readdirSync(directory).includes(`${name}.lock`));

    const second = await open(t, options);
    second.unlink();
    t.notOk(isThere());
  });

  t.test(`a ${kind} of equal size is taken over as it is`, async (t) => {
    const { options, directory, name } = place(t);
    (await open(t, options)).close();
    writeFileSync(`${directory}/${name}`, 'a life of work', { flag: 'r+' });
    chmodSync(`${directory}/${name}`, 0o604);
    const memory = await open(t, { ...options, memMode: 0o660 });
    t.equal(memory.isAdopted, true);
    t.same(facts(memory), [M, M, 0o604]);
    t.equal(readFileSync(memory.path, 'latin1').slice(0, 14), 'a life of work');
  });

  t.test(`a ${kind} of another size is refused and stays`, async (t) => {
    const { options, directory, name } = place(t);
    writeFileSync(`${directory}/${name}`, 'short');
    for (const size of [M, 2 * M]) {
      await t.rejects(open(t, { ...options, size }), {
        code: 'ERR_IVSHMEM_MEMORY_SIZE',
        path: `${directory}/${name}`,
      });
    }
    t.equal(readFileSync(`${directory}/${name}`, 'latin1'), 'short');
    t.notOk(readdirSync(directory).includes(`${name}.lock`));
  });

  t.test(`a ${kind} of a living server is refused at any size`, async (t) => {
    const { options } = place(t);
    await open(t, options);
    for (const size of [M, 2 * M]) {
      await t.rejects(open(t, { ...options, size }), {
        code: 'ERR_IVSHMEM_MEMORY_IN_USE',
        message: new RegExp(`process ${process.pid}\\b`),
      });
    }
  });

  t.test(`a ${kind} that cannot be had whole is not left half`, async (t) => {
    const { options, directory, name } = place(t);
    const fails = async (code: string, more: Partial<ServerOptions> = {}): Promise<void> => {
      await t.rejects(open(t, { ...options, ...more }), { code });
      t.same(
        readdirSync(directory).filter((entry) => entry.startsWith(name)),
        [],
        code,
      );
    };
    await fails('ERR_IVSHMEM_NO_ROOM', { size: 2 ** 52 });
    await fails('ERR_IVSHMEM_OPTION', { memGroup: 'no such group' });
    for (const code of ['ENOSPC', 'ENOMEM'] as const) {
      failing(t, 'fallocate', code, { times: 1 });
      await fails('ERR_IVSHMEM_NO_ROOM');
    }
    failing(t, 'fallocate', 'EIO', { times: 1 });
    await fails('EIO');
    failing(t, 'ftruncate', 'EFBIG', { times: 1 });
    await fails('EFBIG');
  });

  t.test(`a ${kind} taken over is not removed by a failure`, async (t) => {
    const { options, directory, name } = place(t);
    (await open(t, options)).close();
    failing(t, 'fallocate', 'ENOSPC', { times: 1 });
    await t.rejects(open(t, options), { code: 'ERR_IVSHMEM_NO_ROOM' });
    t.ok(readdirSync(directory).includes(name));
    t.notOk(readdirSync(directory).includes(`${name}.lock`));
  });

  t.test(`a ${kind} that a server made and could not size any more is sized`, async (t) => {
    const { options, directory, name } = place(t);
    writeFileSync(`${directory}/${name}`, '');
    const memory = await open(t, options);
    t.equal(memory.isAdopted, true);
    t.same(facts(memory).slice(0, 2), [M, M]);
  });

  t.test(`a ${kind} that is empty stays so where there is no room`, async (t) => {
    const { options, directory, name } = place(t);
    writeFileSync(`${directory}/${name}`, '');
    await t.rejects(open(t, { ...options, size: 2 ** 43 }), { code: 'ERR_IVSHMEM_NO_ROOM' });
    failing(t, 'fallocate', 'ENOSPC', { times: 1 });
    await t.rejects(open(t, options), { code: 'ERR_IVSHMEM_NO_ROOM' });
    t.equal(statSync(`${directory}/${name}`).size, 0);
  });

  t.test(`a ${kind} full of holes is filled, or refused with the room`, async (t) => {
    const { options, directory, name } = place(t);
    writeFileSync(`${directory}/${name}`, '');
    truncateSync(`${directory}/${name}`, 2 ** 43);
    await t.rejects(open(t, { ...options, size: 2 ** 43 }), { code: 'ERR_IVSHMEM_NO_ROOM' });
    truncateSync(`${directory}/${name}`, M);
    t.same(facts(await open(t, options)).slice(0, 2), [M, M]);
  });

  t.test(`a ${kind} full of holes is filled in one call, which the kernel undoes`, async (t) => {
    const { options, directory, name } = place(t);
    writeFileSync(`${directory}/${name}`, '');
    truncateSync(`${directory}/${name}`, 64 * M);
    const fault = failing(t, 'fallocate', 'ENOSPC', { after: 1 });
    await open(t, { ...options, size: 64 * M });
    t.equal(fault.calls, 1);
  });

  t.test(`a ${kind} that is gone by the end is none the less unlinked`, async (t) => {
    const { options, directory, name } = place(t);
    const memory = await open(t, options);
    rmSync(`${directory}/${name}`);
    memory.unlink();
    t.pass('no error');
  });

  t.test(`a ${kind} has the group it is to have`, need('root'), async (t) => {
    const { options } = place(t);
    t.equal(fstatSync((await open(t, { ...options, memGroup: '65534' })).fd.rawFd).gid, 65_534);
  });
}

t.test('a memory in use is in use by any of its names', async (t) => {
  const { options, directory, name } = named.file(t);
  const memory = await open(t, options);
  symlinkSync(name, `${directory}/symbolic`);
  linkSync(`${directory}/${name}`, `${directory}/hard`);
  for (const other of ['symbolic', 'hard']) {
    const memPath = `${directory}/${other}`;
    await t.rejects(open(t, { ...options, memPath }), { code: 'ERR_IVSHMEM_MEMORY_IN_USE' });
  }
  memory.close();
});

t.test("where everybody may make files a stranger's is not taken over", need('root'), async (t) => {
  const { options, directory, name } = named.shm(t);
  (await open(t, options)).close();
  chownSync(`${directory}/${name}`, 65_534, 0);
  await t.rejects(open(t, options), { code: 'ERR_IVSHMEM_MEMORY_OWNER' });
  t.ok(readdirSync(directory).includes(name), 'and stays');

  const own = named.file(t);
  (await open(t, own.options)).close();
  chownSync(`${own.directory}/${own.name}`, 65_534, 0);
  t.equal((await open(t, own.options)).isAdopted, true, 'elsewhere the directory says who may');
});

t.test('a memory for which there is no room is refused with the room there is', async (t) => {
  for (const options of [{}, { memPath: temp(t) }]) {
    await t.rejects(open(t, { ...options, size: 2 ** 52 }), {
      code: 'ERR_IVSHMEM_NO_ROOM',
      message: /4096T do not fit: .* has room for \d+[MG]/,
    });
  }
});

t.test('a memfd that the kernel cannot fill or seal leaves nothing open', async (t) => {
  failing(t, 'fallocate', 'ENOMEM', { times: 1 });
  await t.rejects(open(t, {}), { code: 'ERR_IVSHMEM_NO_ROOM' });
  failing(t, 'fcntl', 'EPERM', { times: 1 });
  await t.rejects(open(t, {}), { code: 'EPERM' });
});

t.test('what is no regular file is refused', async (t) => {
  const path = `${temp(t)}/fifo`;
  execFileSync('mkfifo', [path]);
  await t.rejects(open(t, { memPath: path }), { code: 'ERR_IVSHMEM_NOT_A_FILE', path });
  await t.rejects(open(t, { memPath: `${temp(t)}/none/m` }), { code: 'ENOENT' });
});

t.test('no huge pages of the machine, no room', async (t) => {
  await t.rejects(open(t, { hugePageBytes: 1_073_741_824, size: 2 ** 40 }), {
    code: 'ERR_IVSHMEM_NO_ROOM',
    message: /huge pages of 1G/,
  });
});

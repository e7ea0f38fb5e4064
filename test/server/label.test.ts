// The label of a region in its memory: which bytes are written, into which memory, and which memory is
// refused. Bytes are literal.
import {
  closeSync,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import t, { type Test } from 'tap';
import { libc } from '../../native/libc.js';
import { openRegionMemory, type RegionMemory } from '../../src/server/memory.js';
import { checkOptions, type ServerOptions } from '../../src/server/options.js';
import { failing } from '../helper/fault.js';
import { need } from '../helper/need.js';
import { run } from '../helper/command.js';
import { temp } from '../helper/temp.js';

const M = 1024 ** 2;
/** A label of 'lab' in a memory of 1 MiB with 2 vectors, up to the label. */
const front = '495653484d454d00040302010100000080000000020000000000100000000000';
const lab = front + '6c6162'.padEnd(192, '0');
const asked = { label: 'lab', vectors: 2 };

async function open(t: Test, options: Partial<ServerOptions>): Promise<RegionMemory> {
  const memory = await openRegionMemory(checkOptions({ socket: 's', size: M, ...options }));
  t.teardown(() => {
    memory.close();
  });
  return memory;
}

function bytesOf({ path }: RegionMemory): Buffer {
  return readFileSync(path);
}

const kinds = {
  memfd: {},
  'memfd on huge pages': { hugePageBytes: 2_097_152, size: 2 * M },
  'POSIX name': { shmName: `ivshmem-test-label-${process.pid}` },
  file: { memPath: `${temp(t)}/m` },
  'unnamed file': { memPath: temp(t) },
} as const satisfies Record<string, Partial<ServerOptions>>;
t.teardown(() => {
  rmSync(`/dev/shm/${kinds['POSIX name'].shmName}`, { force: true });
});

for (const [kind, options] of Object.entries(kinds)) {
  const needs = kind.includes('huge') ? need('hugepages') : {};
  const header = kind.includes('huge') ? lab.replace('0000100000', '0000200000') : lab;

  t.test(`a new ${kind} begins with the label, and is empty behind it`, needs, async (t) => {
    const memory = await open(t, { ...options, ...asked });
    const bytes = bytesOf(memory);
    t.equal(bytes.subarray(0, 128).toString('hex'), header);
    t.ok(bytes.subarray(128).every((byte) => byte === 0));
    t.equal(fstatSync(memory.fd.rawFd).blocks * 512, memory.sizeBytes, 'all of it is there');
    memory.unlink();
  });

  t.test(`of a new ${kind} without a label not one byte is touched`, needs, async (t) => {
    const memory = await open(t, { ...options, vectors: 2 });
    t.ok(bytesOf(memory).every((byte) => byte === 0));
    memory.unlink();
  });
}

/** A place for a memory: among files or POSIX names. */
const named = {
  file: (t: Test) => {
    const file = `${temp(t)}/m`;
    return { options: { memPath: file }, file };
  },
  shm: (t: Test) => {
    const shmName = `ivshmem-test-label-${process.pid}-${t.name.length}`;
    t.teardown(() => {
      rmSync(`/dev/shm/${shmName}`, { force: true });
    });
    return { options: { shmName }, file: `/dev/shm/${shmName}` };
  },
} as const;

/** A memory of 1 MiB that begins so, with a life of work behind it. */
function write(file: string, hex: string): Buffer {
  const bytes = Buffer.alloc(M, 'a life of work ');
  bytes.set(Buffer.from(hex, 'hex'));
  writeFileSync(file, bytes);
  return bytes;
}

const others: readonly (readonly [title: string, hex: string, found: RegExp])[] = [
  ['no label', '', / exists with no label, not the label 'lab' and vectors 2, and is left/],
  [
    'zeroes',
    '00'.repeat(128),
    / exists with no label, not the label 'lab' and vectors 2, and is left/,
  ],
  [
    'another label',
    front + '6c6163'.padEnd(192, '0'),
    / exists with the label 'lac' and vectors 2, not the label 'lab' and vectors 2, /,
  ],
  [
    'a label with other vectors',
    lab.replace('02000000', '03000000'),
    / exists with the label 'lab' and vectors 3, not the label 'lab' and vectors 2, /,
  ],
  [
    'a label of another version',
    lab.replace('01000000', '02000000'),
    /damaged label \(.*of version 2/,
  ],
  [
    'a label of another size',
    lab.replace('1000000000', '2000000000'),
    /damaged label \(.*2097152 byte/,
  ],
  ['a label that no terminal should see', front + '1b63'.padEnd(192, '0'), /\(.* U\+001B, /],
];

for (const [kind, place] of Object.entries(named)) {
  t.test(`a ${kind} with this very label is taken over as it is`, async (t) => {
    const { options, file } = place(t);
    const bytes = write(file, lab);
    const memory = await open(t, { ...options, ...asked });
    t.equal(memory.isAdopted, true);
    t.ok(bytesOf(memory).equals(bytes));
  });

  t.test(`a ${kind} with what a later header has is taken over as it is`, async (t) => {
    const { options, file } = place(t);
    const bytes = write(file, lab.replace('80000000', 'c0000000').replace(/0{8}$/, '00000001'));
    t.ok(bytesOf(await open(t, { ...options, ...asked })).equals(bytes));
  });

  for (const [title, hex, found] of others) {
    t.test(`a ${kind} with ${title} is refused and stays`, async (t) => {
      const { options, file } = place(t);
      const bytes = write(file, hex);
      await t.rejects(open(t, { ...options, ...asked }), {
        code: 'ERR_IVSHMEM_MEMORY_LABEL',
        path: file,
        message: found,
      });
      await t.rejects(open(t, { ...options, ...asked }), {
        message:
          /is left as it is: VMs may be living on it; if a guest has .* start without --label, and .* give what it has, or /,
      });
      t.ok(readFileSync(file).equals(bytes));
      t.same(leftBeside(file), []);
    });
  }

  t.test(`of a ${kind} that was there not one byte is touched without a label`, async (t) => {
    for (const hex of ['', '00'.repeat(128), lab]) {
      const { options, file } = place(t);
      const bytes = write(file, hex);
      const memory = await open(t, { ...options, vectors: 5 });
      t.ok(bytesOf(memory).equals(bytes));
      memory.close();
    }
  });

  t.test(`a ${kind} that is refused gets no room either`, async (t) => {
    const { options, file } = place(t);
    writeFileSync(file, '');
    truncateSync(file, M);
    await t.rejects(open(t, { ...options, ...asked }), { code: 'ERR_IVSHMEM_MEMORY_LABEL' });
    t.match(statSync(file), { size: M, blocks: 0 });
  });

  t.test(`a ${kind} that is empty gets the label with its size`, async (t) => {
    const { options, file } = place(t);
    writeFileSync(file, '');
    const memory = await open(t, { ...options, ...asked });
    t.equal(memory.isAdopted, true);
    t.equal(bytesOf(memory).subarray(0, 128).toString('hex'), lab);
  });

  t.test(`a ${kind} that cannot be labelled is not left`, async (t) => {
    const { options, file } = place(t);
    const faults = [
      ['fallocate', 'ENOSPC', 0, 'ERR_IVSHMEM_NO_ROOM'],
      ['fallocate', 'ENOSPC', 1, 'ERR_IVSHMEM_NO_ROOM'],
      ['mmap', 'ENOMEM', 0, 'ENOMEM'],
    ] as const;
    for (const [call, errno, after, code] of faults) {
      const fault = failing(t, call, errno, { after, times: 1 });
      await t.rejects(open(t, { ...options, ...asked }), { code });
      t.same(leftBeside(file, 'and itself'), [], `${call} after ${after}`);
      fault.restore();
    }
    writeFileSync(file, '');
    failing(t, 'mmap', 'ENOMEM', { times: 1 });
    await t.rejects(open(t, { ...options, ...asked }), { code: 'ENOMEM' });
    t.equal(statSync(file).size, 0, 'one that was empty is so again');
  });
}

t.test('after a guest has written over the label, its memory is had without one', async (t) => {
  const { options, file } = named.file(t);
  (await open(t, { ...options, ...asked })).close();
  const descriptor = openSync(file, 'r+');
  writeSync(descriptor, 'x', 0);
  closeSync(descriptor);
  const bytes = readFileSync(file);
  await t.rejects(open(t, { ...options, ...asked }), {
    code: 'ERR_IVSHMEM_MEMORY_LABEL',
    message: /with no label, .*; if a guest has written over its label, start without --label, /,
  });
  const memory = await open(t, { ...options, vectors: 2 });
  t.equal(memory.isAdopted, true);
  t.ok(bytesOf(memory).equals(bytes));
});

t.test('no guest sees a magic before what is behind it', async (t) => {
  const { options, file } = named.file(t);
  const store = Atomics.store.bind(Atomics);
  const seen: string[] = [];
  t.capture(Atomics, 'store', (...args: Parameters<typeof store>) => {
    seen.push(readFileSync(file).subarray(0, 128).toString('hex'));
    return store(...args);
  });
  await open(t, { ...options, ...asked });
  t.same(seen, ['00'.repeat(8) + lab.slice(16)]);
});

t.test('a server that is killed while it looks for pages leaves the label there', async (t) => {
  const { options, file } = named.file(t);
  const real = libc.fallocate;
  const seen: string[] = [];
  t.capture(libc, 'fallocate', (...args: Parameters<typeof real>) => {
    seen.push(readFileSync(file).subarray(0, 128).toString('hex'));
    return real(...args);
  });
  await open(t, { ...options, ...asked });
  t.same(seen, ['00'.repeat(128), lab], 'a page for it comes first');
});

t.test('a file on huge pages is labelled and recognized', need('root', 'hugepages'), async (t) => {
  const directory = temp(t);
  const house = new URL('../../src/index.js', import.meta.url).href;
  const program = `
    const { Server } = await import('${house}');
    const options = { socket: '${directory}/s', size: ${2 * M}, memPath: '${directory}/huge/m' };
    for (const label of ['lab', 'lab', 'other']) {
      const server = await Server.listen({ ...options, label }).catch(({ code }) => ({ code }));
      console.log(server.code ?? server.memory.isAdopted);
      await server.close?.();
    }`;
  const script = `mkdir "$0/huge" && mount -t hugetlbfs none "$0/huge" && exec "$@"`;
  const node = [process.execPath, '--input-type=module', '--eval', program];
  const argv = ['unshare', '--mount', 'sh', '-c', script, directory, ...node];
  const { stdout, stderr } = await run(t, argv);
  if (/^(unshare|mount):/.test(stderr)) t.pass('this machine lets nobody mount');
  else
    t.same({ stdout, stderr }, { stdout: 'false\ntrue\nERR_IVSHMEM_MEMORY_LABEL\n', stderr: '' });
});

t.test('a label that a second server reads was written by the first', async (t) => {
  const { options } = named.file(t);
  (await open(t, { ...options, ...asked })).close();
  t.equal((await open(t, { ...options, ...asked })).isAdopted, true);
});

/** What a failed start left of its files. */
function leftBeside(file: string, itself?: 'and itself'): string[] {
  const [, directory = '', name = ''] = /^(.*)\/(.*)$/.exec(file) ?? [];
  return readdirSync(directory).filter(
    (entry) => entry.startsWith(name) && (entry !== name || itself !== undefined),
  );
}

import t from 'tap';
import { checkOptions, type ServerOptions } from '../../src/server/options.js';

const M = 1024 ** 2;
const socket = '/run/s';

t.test('what is not given has its default', async (t) => {
  t.match(checkOptions({ socket }), {
    socket,
    socketMode: 0o600,
    size: 4 * M,
    vectors: 1,
    memMode: 0o600,
  });
});

const web = { name: 'web', socket: '/run/web' };

const good: readonly Partial<ServerOptions>[] = [
  { vectors: 1 },
  { vectors: 2048 },
  { size: 4096 },
  { size: 2 ** 52 },
  { socketMode: 0 },
  { socketMode: 0o777 },
  { maxPeers: 1 },
  { maxPeers: 65_536 },
  { maxPeersPerUser: 1 },
  { access: [] },
  { access: [{ user: 'root', group: 0 }, { group: 'root' }] },
  { shmName: 'ivshmem' },
  { shmName: '/ivshmem' },
  { shmName: 'x'.repeat(250) },
  { memPath: '/dev/hugepages' },
  { hugePageBytes: 2_097_152, size: 2 * M },
  { socket: 'relative' },
  { hostSocket: '/run/s.host' },
  { label: 'x'.repeat(63) },
  { label: 'bläu ✓' },
  { vms: [] },
  { vms: [{ name: 'web', socket: '/run/web' }] },
  { vms: [{ name: 'Web.1_a:b@c-d', id: 0, user: 0 }] },
  { vms: [{ name: 'x'.repeat(63), id: 65_535, socket: 'relative', unit: 'a.service' }] },
];
for (const options of good) {
  t.test(`allowed: ${JSON.stringify(options).slice(0, 60)}`, async (t) => {
    t.match(checkOptions({ socket, ...options }), options);
  });
}

const bad: readonly (readonly [option: string, options: Partial<ServerOptions>, says: RegExp])[] = [
  ['vectors', { vectors: 0 }, /0 is not in 1–2048/],
  ['vectors', { vectors: 4096 }, /4096 is not in 1–2048/],
  ['vectors', { vectors: 1.5 }, /1–2048/],
  ['vectors', { vectors: NaN }, /1–2048/],
  ['size', { size: 3 * M }, /^3M .* nearest: 2M and 4M$/],
  ['size', { size: NaN }, /^NaN is not a number/],
  ['size', { size: 0 }, /nearest: 4K$/],
  ['size', { size: -M }, /^-1M .* nearest: 4K$/],
  ['size', { size: 12_288 }, /nearest: 8K and 16K$/],
  ['size', { size: 2 ** 53 }, /nearest: 4096T$/],
  ['size', { size: M, hugePageBytes: 2_097_152 }, /in 2M–4096T .* nearest: 2M$/],
  ['socketMode', { socketMode: 0o1000 }, /01000 is not in 0–0777/],
  ['memMode', { memMode: -1 }, /0–0777/],
  ['maxPeers', { maxPeers: 0 }, /1–65536/],
  ['maxPeers', { maxPeers: 65_537 }, /1–65536/],
  ['maxPeersPerUser', { maxPeersPerUser: 0 }, /1–65536/],
  ['access', { access: {} as never }, /no list/],
  ['access[0]', { access: [{}] }, /says nothing; allowed: user, group, unit/],
  ['access[1]', { access: [{ user: 0 }, { user: 0, grp: 'x' } as never] }, /'grp' is nothing/],
  ['access[0].user', { access: [{ user: 'no such user' }] }, /no user 'no such user'/],
  ['access[0].group', { access: [{ group: 'no such group' }] }, /no group/],
  ['access[0].unit', { access: [{ unit: 'web' }] }, /web\.service/],
  ['access[0]', { access: [null as never] }, /none of user, group, unit/],
  ['vms[0]', { vms: [null as never] }, /none of name, id, socket/],
  [
    'vms[0]',
    { vms: [{ ...web, group: 'vms' } as never] },
    /'group' is nothing that it has; allowed: name/,
  ],
  ['vms[0].qemuName', { vms: [{ name: 'web', qemuName: 5 as never }] }, /a name is a text/],
  ['vms[0].name', { vms: [{ ...web, name: '' }] }, /'' is no name/],
  ['vms[0].name', { vms: [{ ...web, name: 'a b' }] }, /'a b' is no name: 1–63 letters/],
  ['vms[0].name', { vms: [{ ...web, name: '-a' }] }, /no name/],
  ['vms[0].name', { vms: [{ ...web, name: 'x'.repeat(64) }] }, /no name/],
  ['vms[0].name', { vms: [{ ...web, name: 7 as unknown as string }] }, /no name/],
  ['vms[1].name', { vms: [web, { name: 'web', socket: '/run/db' }] }, /two VMs called web/],
  ['vms[0].id', { vms: [{ ...web, id: -1 }] }, /-1 \(of web\) is not in 0–65535/],
  ['vms[0].id', { vms: [{ ...web, id: 65_536 }] }, /0–65535/],
  ['vms[0].id', { vms: [{ ...web, id: 1.5 }] }, /0–65535/],
  [
    'vms[1].id',
    {
      vms: [
        { ...web, id: 7 },
        { name: 'db', id: 7, user: 0 },
      ],
    },
    /ID 7 \(of db\)/,
  ],
  ['vms', { vms: {} as never }, /no list/],
  ['vms[0].user', { vms: [{ name: 'web', user: 'no such user' }] }, /no user 'no such user'/],
  ['vms[0].unit', { vms: [{ ...web, unit: 'web' }] }, /web\.service/],
  ['vms[0].qemuName', { vms: [{ name: 'web', qemuName: '' }] }, /empty/],
  ['vms[0].socket', { vms: [{ name: 'web', id: 7 }] }, /nothing tells web .* user, qemuName, unit/],
  ['vms[0].socket', { vms: [{ name: 'web', socket: '' }] }, /1–107 bytes/],
  ['vms[0].socket', { vms: [{ name: 'web', socket: '/run/./s' }] }, /another socket/],
  ['vms[0].socket', { hostSocket: '/run/web', vms: [web] }, /another socket/],
  ['vms[1].socket', { vms: [web, { ...web, name: 'db' }] }, /\/run\/web \(of db\) is the path/],
  ['memPath', { shmName: 'a', memPath: '/b' }, /one memory/],
  ['shmName', { shmName: 'a', hugePageBytes: 2_097_152 }, /one memory/],
  ['memPath', { memPath: '/b', hugePageBytes: 2_097_152 }, /one memory/],
  ['shmName', { shmName: '' }, /is no name/],
  ['shmName', { shmName: 'a/b' }, /is no name/],
  ['shmName', { shmName: '..' }, /is no name/],
  ['shmName', { shmName: '/.' }, /is no name/],
  ['shmName', { shmName: 'x'.repeat(251) }, /1–250/],
  ['memPath', { memPath: '' }, /empty/],
  ['memMode', { memMode: 0o660 }, /name or path/],
  ['memGroup', { memGroup: 'root' }, /name or path/],
  ['hugePageBytes', { hugePageBytes: 8192 as never }, /2097152 or 1073741824/],
  ['size', { size: '4M' as never }, /^4M is not a number/],
  ['label', { label: '' }, /^this is no label: it has 0 bytes of UTF-8, not 1–63$/],
  ['label', { label: 'x'.repeat(64) }, /64 bytes/],
  ['label', { label: 'é'.repeat(32) }, /64 bytes/],
  [
    'label',
    { label: 'a\u001b[2J' },
    /^this is no label: it has U\+001B, which is not for printing$/,
  ],
  ['label', { label: 7 as never }, /no text/],
  ['socket', { socket: undefined as never }, /1–107/],
  ['socket', { socket: '' }, /1–107/],
  ['socket', { socket: 'a\0b' }, /NUL/],
  ['hostSocket', { hostSocket: '' }, /1–107/],
  ['hostSocket', { hostSocket: '/run/../run/s' }, /need another/],
];
for (const [option, options, message] of bad) {
  t.test(`not allowed: ${JSON.stringify(options).slice(0, 60)}`, async (t) => {
    t.throws(() => checkOptions({ socket, ...options }), {
      code: 'ERR_IVSHMEM_OPTION',
      option,
      message,
    });
  });
}

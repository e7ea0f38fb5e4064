// A region's keys: what they become, and what is said of those that cannot be.
import { dirname } from 'node:path';
import t from 'tap';
import { configFile, configOf, findingsOf } from '../../helper/config-file.js';
import { readConfig } from '../../../src/cli/config/read-config.js';
import { ConfigError } from '../../../src/cli/config/config-error.js';

t.test('a region has the defaults of a server', async (t) => {
  const { regions } = await configOf(t, 'regions: {lab: {socket: /run/lab.sock}}');
  t.match(regions, [
    {
      name: 'lab',
      socket: '/run/lab.sock',
      hostSocket: '/run/lab.sock.host',
      socketMode: 0o600,
      size: 4_194_304,
      vectors: 1,
    },
  ]);
});

t.test('every key becomes an option', async (t) => {
  const { regions } = await configOf(
    t,
    `regions:
  lab:
    socket: /run/lab.sock
    host-socket: /run/host.sock
    socket-mode: "0660"
    socket-group: root
    size: 64M
    vectors: 4
    label: blue lab
    shm-name: lab
    mem-mode: "640"
    mem-group: 0
    max-peers: 10
    max-peers-per-user: 4
    allow-excess-vectors: true
    access:
      - { user: root, group: 0, unit: "qemu-*.service" }
      - user: "1001"
    vms:
      web: { id: 5, socket: /run/web.sock }
      db: { user: 1002, qemu-name: db, unit: 'machine-qemu\\x2d1\\x2ddb.scope' }
  huge: { socket: /run/huge.sock, host-socket: false, hugepages: 2M, size: 0x400000 }
  file: { socket: /run/file.sock, mem-path: /run/file.mem, size: 8192 }
`,
  );
  const [lab, huge, file] = regions;
  t.strictSame(lab, {
    name: 'lab',
    socket: '/run/lab.sock',
    hostSocket: '/run/host.sock',
    socketMode: 0o660,
    socketGroup: 'root',
    size: 67_108_864,
    vectors: 4,
    label: 'blue lab',
    shmName: 'lab',
    memPath: undefined,
    memMode: 0o640,
    memGroup: '0',
    hugePageBytes: undefined,
    maxPeers: 10,
    maxPeersPerUser: 4,
    allowExcessVectors: true,
    access: [
      { user: 'root', group: 0, unit: 'qemu-*.service' },
      { user: 1001, group: undefined, unit: undefined },
    ],
    vms: [
      vm({ name: 'web', id: 5, socket: '/run/web.sock' }),
      vm({ name: 'db', user: 1002, qemuName: 'db', unit: 'machine-qemu\\x2d1\\x2ddb.scope' }),
    ],
  });
  t.match(huge, { hugePageBytes: 2_097_152, size: 4_194_304, hostSocket: undefined });
  t.match(file, { memPath: '/run/file.mem', size: 8_192, memMode: 0o600 });
});

function vm(given: object): object {
  const none = { id: undefined, socket: undefined, user: undefined, qemuName: undefined };
  return { ...none, unit: undefined, ...given };
}

t.test('a path begins at the file, wherever the reader is', async (t) => {
  const text =
    'regions: {lab: {socket: s, mem-path: ../m, vms: {web: {socket: ./a/../web}}}, b: {socket: ./~}}';
  const path = configFile(t, text);
  const directory = dirname(path);
  const { regions } = await readConfig(path);
  t.match(regions, [
    {
      socket: `${directory}/s`,
      hostSocket: `${directory}/s.host`,
      memPath: `${dirname(directory)}/m`,
      vms: [{ socket: `${directory}/web` }],
    },
    { socket: `${directory}/~` },
  ]);
});

t.test('where the default for host commands would be too long there is none', async (t) => {
  const socket = `/run/${'s'.repeat(100)}`;
  const { regions } = await configOf(t, `regions: {lab: {socket: ${socket}}}`);
  t.match(regions, [{ socket, hostSocket: undefined }]);
});

const file = "allowed: a path, absolute or relative to this file's directory";
const none = `${file}; false for none`;
const octal = 'allowed: 0–0777 in octal and in quotes, as "0660"';
const group = "allowed: a group's name or number";
const units =
  'allowed: a systemd unit or slice as web.service or machine-*.scope, or a unit of a user as user@1000.service/web.service';
const matchers = 'allowed: how the VM is known: socket, user, qemu-name or unit, one at least';
const several =
  'a region has one memory: a POSIX name, a path or a memfd on huge pages, not several ' +
  '(for a file on huge pages, a path on hugetlbfs)';
const named =
  'only a memory with a name or path has a mode and a group: a memfd is for who may connect';

/** Keys of a region that has a socket, in braces, and what is said of it behind its name. */
const wrong: readonly (readonly [keys: string, ...findings: string[]])[] = [
  ['vectos: 4', 'vectos: unknown key; did you mean vectors?'],
  ['socket_mode: "0600"', 'socket_mode: unknown key; did you mean socket-mode?'],
  ['vectors: 0', 'vectors: 0 is not in 1–2048'],
  ['vectors: 1.5', 'vectors: 1.5 is wrong here; allowed: an integer in 1–2048'],
  ['vectors: "4"', "vectors: '4' is wrong here; allowed: an integer in 1–2048"],
  ['vectors: .inf', 'vectors: .inf is wrong here; allowed: an integer in 1–2048'],
  ['vectors: [4]', 'vectors: a list is wrong here; allowed: an integer in 1–2048'],
  ['vectors:', 'vectors: nothing is given; allowed: an integer in 1–2048'],
  ['max-peers: 65537', 'max-peers: 65537 is not in 1–65536'],
  ['max-peers-per-user: 0', 'max-peers-per-user: 0 is not in 1–65536'],
  [
    'size: 3M',
    'size: 3M is not a power of two in 4K–4096T (QEMU aborts on others); nearest: 2M and 4M',
  ],
  ['size: 4X', "size: '4X' is no size: a number of bytes, or one with K, M, G or T; nearest: 4M"],
  [
    'size: true',
    'size: YAML reads true as a boolean; put it in quotes: "true"; allowed: a power of two, with K, M, G or T',
  ],
  [
    'socket-mode: 0660',
    `socket-mode: YAML reads 0660 as a number; put it in quotes: "0660"; ${octal}`,
  ],
  ['socket-mode: "888"', "socket-mode: '888' is not a file mode in 0–0777, written in octal"],
  ['socket-mode: "1777"', 'socket-mode: 01777 is not in 0–0777'],
  ['socket-group: no-such', `socket-group: there is no group 'no-such'; ${group}`],
  ['socket-group: -1', `socket-group: there is no group '-1'; ${group}`],
  ['host-socket: true', `host-socket: true is wrong here; ${none}`],
  ['host-socket: none', `host-socket: 'none' is wrong here; ${none}`],
  [
    'host-socket: /s',
    'host-socket: /s is already the socket of region lab (line 2); allowed: a path of its own',
  ],
  ['host-socket: ""', 'host-socket: a path of 1–107 bytes without a NUL is needed'],
  ['host-socket: $HOME/s', `host-socket: '$HOME/s' is wrong here; ${none}`],
  ['mem-path: ~/m', `mem-path: '~/m' is wrong here; ${file}; ~ and $ are not expanded`],
  ['mem-path: ""', 'mem-path: the path is empty'],
  ['mem-mode: "0600"', `mem-mode: ${named}`],
  ['mem-group: root', `mem-group: ${named}`],
  [
    'shm-name: a/b, mem-mode: "0600"',
    "shm-name: 'a/b' is no name: 1–250 bytes without a slash inside",
  ],
  [
    'shm-name: 007, mem-group: root',
    'shm-name: YAML reads 007 as a number; put it in quotes: "007"; allowed: a name of 1–250 bytes without a slash inside',
  ],
  ['shm-name: a, mem-path: /m', `mem-path: ${several}`],
  ['shm-name: a, hugepages: 2M', `shm-name: ${several}`],
  ['hugepages: 3M', "hugepages: '3M' is wrong here; allowed: 2M or 1G"],
  [
    'hugepages: 1G',
    'size: 4M is not a power of two in 1G–4096T (QEMU aborts on others); nearest: 1G',
  ],
  ['label: ""', 'label: this is no label: it has 0 bytes of UTF-8, not 1–63'],
  ['label: "a\\tb"', 'label: this is no label: it has U+0009, which is not for printing'],
  [
    'allow-excess-vectors: yes',
    "allow-excess-vectors: 'yes' is wrong here; allowed: true or false",
  ],
  [
    'access: []',
    'access: too little is given; allowed: a list with at least one rule; without the key, whoever can connect may join',
  ],
  [
    'access: [{}]',
    'access.0: too little is given; allowed: user, group and unit, one at least, all of which have to fit',
  ],
  ['access: [{usr: 0}]', 'access.0.usr: unknown key; did you mean user?'],
  [
    'access: [{user: 0}, {user: no-such}]',
    "access.1.user: there is no user 'no-such'; allowed: a user's name or number",
  ],
  ['access: [{user: -1}]', 'access.0.user: -1 is not in 0–4294967294'],
  ['access: [{group: no-such}]', `access.0.group: there is no group 'no-such'; ${group}`],
  ['access: [{unit: qemu}]', `access.0.unit: 'qemu' is wrong here; ${units}`],
  [
    'access: [{user: true}]',
    'access.0.user: YAML reads true as a boolean; put it in quotes: "true"; allowed: a name or a number',
  ],
  ['vms: {}', 'vms: too little is given; allowed: at least one VM, as name: and its keys'],
  ['vms: {web: {id: 5}}', `vms.web: too little is given; ${matchers}`],
  ['vms: {web: }', `vms.web: nothing is given; ${matchers}`],
  ['vms: {web: {id: 65536, user: 0}}', 'vms.web.id: 65536 is not in 0–65535'],
  ['vms: {web: {id: -1, user: 0}}', 'vms.web.id: -1 is not in 0–65535'],
  [
    'vms: {web: {user: no-such}}',
    "vms.web.user: there is no user 'no-such'; allowed: a user's name or number",
  ],
  [
    'vms: {-a: {user: 0}}',
    'vms.-a: this is no name; allowed: 1–63 letters, digits, ., _ and -, the first a letter or digit',
  ],
];

t.test('what is wrong in a region is said with what is allowed', async (t) => {
  for (const [keys, ...findings] of wrong) {
    const said = await findingsOf(t, `regions:\n  lab: {socket: /s, ${keys}}\n`);
    t.strictSame(
      said.map((line) => line.replace(/^2:\d+: regions\.lab\./, '').replace(/in \d+K–/, 'in 4K–')),
      findings,
      keys,
    );
  }
});

t.test('a position is that of the value, of the key, or of what should have it', async (t) => {
  const text = `regions:
  lab:
    vectos: 4
    vectors: 0
    size:
    vms:
      web: {id: 5}
  -x: {socket: /x}
  two: {socket: "/two", access: [{user: root}, {usr: 1}]}
`;
  const places = (await findingsOf(t, text)).map((line) => line.split(': ', 2));
  t.strictSame(places, [
    ['2:3', 'regions.lab.socket'],
    ['3:5', 'regions.lab.vectos'],
    ['4:14', 'regions.lab.vectors'],
    ['5:5', 'regions.lab.size'],
    ['7:7', 'regions.lab.vms.web'],
    ['8:3', 'regions.-x'],
    ['9:49', 'regions.two.access.1.usr'],
  ]);
});

t.test('a file in which everything is wrong is no more than that', async (t) => {
  const regions = Array.from({ length: 300 }, (_, n) => `  r${n}: {socket: [], size: {}}\n`);
  const findings = await findingsOf(t, `regions:\n${regions.join('')}`);
  t.equal(findings.length, 200);
  t.match(findings[0], /^2:16: regions\.r0\.socket: a list is wrong here; /);
});

t.test('names are for people and paths', async (t) => {
  for (const name of ['lab', '0', 'a.b_c-D', 'x'.repeat(63)])
    t.strictSame(await findingsOf(t, `regions: {${name}: {socket: /s}}`), [], name);
  for (const name of ['.', '..', '-a', '_a', 'a b', 'a/b', 'ä', '""', '__proto__', 'x'.repeat(64)])
    t.match(await findingsOf(t, `regions: {${name}: {socket: /s}}`), [/: this is no name; /], name);
});

t.test('regions are needed, and one is', async (t) => {
  t.strictSame(await findingsOf(t, 'region: {}'), [
    '1:1: regions: this key is missing',
    '1:1: region: unknown key; did you mean regions?',
  ]);
  t.strictSame(await findingsOf(t, 'regions: {}'), [
    '1:1: regions: too little is given; allowed: at least one region, as name: and its keys',
  ]);
  t.strictSame(await findingsOf(t, 'regions:\n  lab:\n'), [
    '2:3: regions.lab: nothing is given; allowed: the keys of a region, socket at least',
  ]);
});

t.test('the error is one of a call, and has the path as it was given', async (t) => {
  const path = configFile(t, 'regions: {lab: {socket: /s, vectors: 0}}');
  const error = await readConfig(path).catch((reason: unknown) => reason);
  t.ok(error instanceof ConfigError);
  t.match(error, { code: 'ERR_IVSHMEM_CONFIG', path, findings: [{ line: 1, column: 38 }] });
});

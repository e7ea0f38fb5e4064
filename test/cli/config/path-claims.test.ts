// Two regions that would meet in a socket or a memory.
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { readConfig } from '../../../src/cli/config/read-config.js';
import { findingsOf } from '../../helper/config-file.js';
import { temp } from '../../helper/temp.js';

const own = '; allowed: a path of its own';
const socket = `/s is already the socket of region a (line 2)${own}`;
const memory = `/dev/shm/m is already the memory of region a (line 2)${own}`;

/** Keys of region a in line 2, of region b in line 3, and what is said of b behind its name. */
const meetings: readonly (readonly [a: string, b: string, ...findings: string[]])[] = [
  ['socket: /s', 'socket: /s', `socket: ${socket}`],
  ['socket: /s', 'socket: /x/../s', `socket: ${socket}`],
  ['socket: /s', 'socket: /t, host-socket: /s', `host-socket: ${socket}`],
  ['socket: /s', 'socket: /t, vms: {web: {socket: /s}}', `vms.web.socket: ${socket}`],
  [
    'socket: /s',
    'socket: /s.host',
    `socket: /s.host is already the socket for host commands of region a (line 2)${own}`,
  ],
  [
    'socket: /s, vms: {web: {socket: /w}}',
    'socket: /w',
    `socket: /w is already the socket of VM web of region a (line 2)${own}`,
  ],
  [
    'socket: /s.host, host-socket: false',
    'socket: /s',
    `host-socket: /s.host is already the socket of region a (line 2)${own}`,
  ],
  [
    'socket: /s.lock',
    'socket: /s, host-socket: false',
    `socket: ${socket.replace('/s', '/s.lock')}`,
  ],
  ['socket: /s, shm-name: m', 'socket: /t, shm-name: m', `shm-name: ${memory}`],
  ['socket: /s, shm-name: m', 'socket: /t, shm-name: /m', `shm-name: ${memory}`],
  ['socket: /s, shm-name: m', 'socket: /t, mem-path: /dev/shm/m', `mem-path: ${memory}`],
  ['socket: /s, shm-name: m', 'socket: /dev/shm/m', `socket: ${memory}`],
  [
    'socket: /s, mem-path: /m',
    'socket: /t, mem-path: //m',
    `mem-path: /m is already the memory of region a (line 2)${own}`,
  ],
  ['socket: /s, mem-path: /tmp', 'socket: /t, mem-path: /tmp'],
  ['socket: /s, host-socket: false', 'socket: /s.host'],
  ['socket: /s, vectors: 0', 'socket: /t'],
];

t.test('what two regions would share is said with who has it', async (t) => {
  for (const [a, b, ...findings] of meetings) {
    const said = await findingsOf(t, `regions:\n  a: {${a}}\n  b: {${b}}\n`);
    t.strictSame(
      said
        .filter((line) => line.startsWith('3:'))
        .map((line) => line.replace(/^3:\d+: regions\.b\./, '')),
      findings,
      b,
    );
  }
});

t.test('sockets of one region are different, too', async (t) => {
  const text =
    'regions: {a: {socket: /s, vms: {w: {socket: /s}, x: {socket: /y}, z: {socket: /y}}}}';
  t.strictSame(await findingsOf(t, text), [
    `1:45: regions.a.vms.w.socket: /s is already the socket of region a (line 1)${own}`,
    `1:79: regions.a.vms.z.socket: /y is already the socket of VM x of region a (line 1)${own}`,
  ]);
});

t.test('a socket has a path of 1–107 bytes', async (t) => {
  const long = `/${'ä'.repeat(54)}`;
  const text = `regions:\n  a: {socket: ${long}}\n  b: {socket: ${long.slice(0, -1)}, vms: {w: {socket: ${long}}}}\n`;
  t.strictSame(await findingsOf(t, text), [
    `2:15: regions.a.socket: ${long} has 109 bytes; allowed: 1–107 for a socket`,
    `3:89: regions.b.vms.w.socket: ${long} has 109 bytes; allowed: 1–107 for a socket`,
  ]);
});

t.test('a symbolic link on the way hides nothing', async (t) => {
  const directory = temp(t);
  mkdirSync(`${directory}/real`);
  symlinkSync('real', `${directory}/link`);
  writeFileSync(
    `${directory}/c`,
    'regions:\n  a: {socket: real/new/s}\n  b: {socket: link/new/s}\n',
  );
  const meets = 'link/new/s is already the socket of region a (line 2); allowed: a path of its own';
  await t.rejects(readConfig(`${directory}/c`), {
    message: `${directory}/c:3:15: regions.b.socket: ${directory}/${meets}`,
  });
});

t.test('the control socket has a path of its own, and one that a socket may have', async (t) => {
  t.strictSame(
    (await findingsOf(t, 'control: a\nregions:\n  a: { socket: a }\n')).map((line) =>
      line.replace(/\S+\/a /, 'PATH/a '),
    ),
    [
      '3:16: regions.a.socket: PATH/a is already the control socket (line 1); allowed: a path of its own',
    ],
  );
  t.match(await findingsOf(t, `control: ${'c'.repeat(108)}\nregions:\n  a: { socket: a }\n`), [
    /^1:10: control: \S+ has \d+ bytes; allowed: 1–107 for a socket$/,
  ]);
});

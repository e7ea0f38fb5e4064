// Rule 1: file systems are full in a mount namespace of the test's own, in which the command runs.
import t, { type Test } from 'tap';
import { room } from '../../../../src/control/doctor/checks/room.js';
import { ivshmem, run } from '../../../helper/command.js';
import { found, sceneOf } from '../../../helper/doctor.js';
import { impostor } from '../../../helper/impostor.js';
import { pretender } from '../../../helper/pretender.js';
import { need } from '../../../helper/need.js';
import { temp } from '../../../helper/temp.js';

/** What the command finds after a script has made file systems what they are to be. */
async function foundAfter(t: Test, script: string, socket: string): Promise<object[]> {
  const command = [...ivshmem, 'doctor', '--json', '--socket', socket].join(' ');
  const argv = ['unshare', '--mount', 'sh', '-c', `set -e; ${script}; exec ${command}`];
  const { stdout, stderr } = await run(t, argv);
  t.equal(stderr, '');
  const all = JSON.parse(stdout) as { check: string; severity: string }[];
  return all.filter(({ check, severity }) => check === 'room' && severity !== 'ok');
}

t.test('a machine with room has no finding', async (t) => {
  const directory = temp(t);
  const sockets = [`${directory}/s`];
  t.strictSame(await found(room, { sockets, named: sockets, memoryDirectory: '/dev/shm' }), []);
  t.strictSame(
    await found(room, { sockets: ['/nowhere/s'], named: ['/nowhere/s'] }),
    [],
    'nor a directory that is not there',
  );
});

t.test('little room for memory is a warning, none an error', need('root'), async (t) => {
  const socket = `${temp(t)}/s`;
  const mount = 'mount -t tmpfs -o size=1M tmpfs /dev/shm';
  t.match(await foundAfter(t, mount, socket), [
    {
      severity: 'warning',
      subject: '/dev/shm',
      message: /room for 1M, and memory may need 4M/,
      remedy: /df/,
    },
  ]);
  const fill = `${mount}; head -c 1M /dev/zero >/dev/shm/x`;
  t.match(await foundAfter(t, fill, socket), [
    { severity: 'error', subject: '/dev/shm', message: /room for 0K/ },
  ]);
});

t.test('no room for a socket is an error, and no inode for it', need('root'), async (t) => {
  const directory = temp(t);
  const socket = `${directory}/s`;
  const mount = `mount -t tmpfs -o size=1M,nr_inodes=16 tmpfs ${directory}`;
  t.strictSame(await foundAfter(t, mount, socket), []);
  const fill = `${mount}; head -c 1M /dev/zero >${directory}/x`;
  t.match(await foundAfter(t, fill, socket), [{ severity: 'error', subject: directory }]);
  const files = `${mount}; for i in 1 2 3 4 5 6 7 8 9; do touch ${directory}/$i; done`;
  t.match(await foundAfter(t, files, socket), [
    { severity: 'error', subject: directory, message: /no inodes/ },
  ]);
});

t.test('no word of a stranger makes a file system full', async (t) => {
  const args = ['-chardev', 'socket,path=/proc/self/mem,id=c'];
  await impostor(t, { args: [...args, '-device', 'ivshmem-doorbell,chardev=c'] });
  t.strictSame(await room.look(await sceneOf()), []);
});

t.test('nor one who answers for a region of his own', async (t) => {
  const sockets = [await pretender(t, { path: '/sys/kernel/x' })];
  const scene = await sceneOf({ sockets });
  t.ok(scene.regions.some(({ sockets: [socket] }) => sockets.includes(socket ?? '')));
  t.strictSame(await room.look(scene), []);
});

t.test(
  'where the server has memory that has a name there has to be room',
  need('root'),
  async (t) => {
    const [directory, other] = [temp(t), temp(t)];
    const mount = `mount -t tmpfs -o size=5M tmpfs ${directory}`;
    const words = `--socket ${other}/s --control ${other}/control --size 4M --mem-path ${directory}/m`;
    const serve = `${[...ivshmem].join(' ')} serve ${words} --ready-fd 9`;
    const start = `mkfifo ${other}/up; ${serve} 9>${other}/up >/dev/null 2>&1 & read -r _ <${other}/up`;
    const doctor = `${[...ivshmem].join(' ')} doctor --json --control ${other}/control`;
    const alone = ['unshare', '--mount', '--pid', '--fork', '--mount-proc', '--kill-child'];
    const { stdout } = await run(t, [...alone, 'sh', '-c', `${mount}; ${start}; ${doctor}`]);
    const all = JSON.parse(stdout) as { check: string }[];
    t.match(
      all.filter(({ check }) => check === 'room'),
      [{ severity: 'warning', subject: directory, message: /room for 1M, and memory may need 4M/ }],
    );
  },
);

t.test('a full file system that is only read is none that lacks room', need('root'), async (t) => {
  const directory = temp(t);
  const mount = `mount -t tmpfs -o size=16K tmpfs ${directory}; head -c 16K /dev/zero >${directory}/x`;
  const [socket, readOnly] = [`${directory}/s`, `mount -o remount,ro ${directory}`];
  t.match(await foundAfter(t, mount, socket), [{ severity: 'error', subject: directory }]);
  t.strictSame(await foundAfter(t, `${mount}; ${readOnly}`, socket), []);
});

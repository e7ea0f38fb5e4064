import t from 'tap';
import type { Complaint } from '../../../../src/control/doctor/finding.js';
import { descriptors } from '../../../../src/control/doctor/checks/descriptors.js';
import { descriptorCount } from '../../../../native/descriptor-limit.js';
import { ivshmem, run } from '../../../helper/command.js';
import { Lab } from '../../../helper/lab.js';
import { found, foundOf } from '../../../helper/doctor.js';
import { need } from '../../../helper/need.js';
import { Qemu } from '../../../helper/qemu.js';
import { Region } from '../../../helper/region.js';
import { temp } from '../../../helper/temp.js';

t.test(
  'a QEMU with room for few more peers is a warning, with none an error',
  need('qemu'),
  async (t) => {
    const region = await Region.listenWithHost(t, { vectors: 4 });
    const qemu = new Qemu(t, { socket: region.socket, vectors: 4, fdLimit: 1_024 });
    await region.joined(1);
    await qemu.lives();
    t.strictSame(await foundOf(qemu, descriptors), []);

    const limit = async (more: number): Promise<void> => {
      const open = descriptorCount(qemu.pid) ?? 0;
      await run(t, ['prlimit', '--pid', `${qemu.pid}`, `--nofile=${open + 16 + more}:1024`]);
    };
    await limit(11); // two joins of four doorbells
    t.match(await foundOf(qemu, descriptors), [
      {
        severity: 'warning',
        message: /room for 2 more peers/,
        remedy: `prlimit --pid ${qemu.pid} --nofile=1024:; for the next time, LimitNOFILE= in its unit`,
      },
    ]);
    await limit(3);
    t.match(await foundOf(qemu, descriptors), [
      { severity: 'error', message: /next peer is refused/ },
    ]);
    const [{ remedy = '' } = {}] = await foundOf(qemu, descriptors);
    const [command = ''] = remedy.split(';');
    const unprivileged =
      process.getuid?.() === 0 ? ['setpriv', '--bounding-set=-sys_resource'] : [];
    const raised = await run(t, [...unprivileged, 'sh', '-c', command]);
    t.equal(raised.code, 0, 'its own user may do that');
    t.strictSame(await foundOf(qemu, descriptors), [], 'and it is enough, at once');
    await run(t, ['prlimit', '--pid', `${qemu.pid}`, '--nofile=32:32']);
    t.match(await foundOf(qemu, descriptors), [
      {
        severity: 'error',
        remedy: `as root: prlimit --pid ${qemu.pid} --nofile=65536; for the next time, LimitNOFILE= in its unit`,
      },
    ]);
  },
);

t.test('a low hard limit of this shell is a warning', async (t) => {
  const words = ['doctor', '--json', '--socket', `${temp(t)}/s`];
  const { stdout } = await run(t, [...ivshmem, ...words], { fdLimit: 512 });
  const all = JSON.parse(stdout) as { check: string; subject: string; message: string }[];
  t.match(
    all.filter(({ subject }) => subject === 'this shell'),
    [{ check: 'descriptors', severity: 'warning', message: /no more than 512 files/ }],
  );
});

t.test(
  'a low soft limit of this shell, which QEMU gets and Node hides, is a warning',
  async (t) => {
    const inShell = async (limit: string): Promise<{ subject: string; message: string }[]> => {
      const command = [...ivshmem, 'doctor', '--json', '--socket', `${temp(t)}/s`].join(' ');
      const { stdout } = await run(t, [
        'sh',
        '-c',
        `ulimit -Hn 4096; ulimit -Sn ${limit}; ${command}; :`,
      ]);
      const all = JSON.parse(stdout) as { check: string; subject: string; message: string }[];
      return all.filter(({ subject }) => subject === 'this shell');
    };
    t.match(await inShell('64'), [
      {
        severity: 'warning',
        message: /a QEMU that is started here may open no more than 64 files \(the soft limit\)/,
        remedy: /^ulimit -Sn 4096,/,
      },
    ]);
    t.strictSame(await inShell('4096'), []);
  },
);

t.test('a server with room for few more peers is a warning, with none an error', async (t) => {
  const lab = await Lab.start(t, ['--vectors', '8'], { fdLimit: 256 });
  const { serve, status: askStatus } = lab;
  const ofServer = async (): Promise<readonly Complaint[]> =>
    (await found(descriptors, { askStatus })).filter(
      ({ subject }) => subject === `server ${serve.pid}`,
    );
  t.strictSame(await ofServer(), []);
  const limit = async (more: number): Promise<void> => {
    const { used } = (await askStatus()).descriptors;
    await run(t, ['prlimit', '--pid', `${serve.pid}`, `--nofile=${used + 16 + more}:256`]);
  };
  await limit(20); // two peers, each with a socket and eight doorbells
  t.match(await ofServer(), [{ severity: 'warning', message: /room for 2 more peers/ }]);
  await limit(8);
  const [complaint] = await ofServer();
  t.match(complaint, { severity: 'error', remedy: /^prlimit --pid .*LimitNOFILE=/ });
  // A server that is started again leaves every VM behind.
  t.notMatch(complaint?.remedy, /start it again/);
  await run(t, ['sh', '-c', complaint?.remedy?.split(';')[0] ?? '']);
  t.strictSame(await ofServer(), [], 'the remedy helps at once');
});

t.test('who lets in no more peers needs no room for them', need('qemu'), async (t) => {
  const lab = await Lab.start(t, ['--vectors', '4', '--max-peers', '2']);
  const { socket, status: askStatus } = lab;
  const qemu = new Qemu(t, { socket, vectors: 4 });
  await lab.settled(1);
  await qemu.lives();
  const open = descriptorCount(qemu.pid) ?? 0;
  await run(t, ['prlimit', '--pid', `${qemu.pid}`, `--nofile=${open + 16 + 4}:1024`]);
  t.strictSame(
    await foundOf(qemu, descriptors, { askStatus }),
    [],
    'there is for the one that may',
  );
  t.match(await foundOf(qemu, descriptors), [{ severity: 'warning' }], 'nobody says how many may');
});

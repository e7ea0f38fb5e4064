// Of other users' QEMUs and of containers, test/cli/doctor.test.ts knows.
import { symlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { hidden } from '../../../../src/control/doctor/checks/hidden.js';
import { asClosedRoot, foundByClosedRoot } from '../../../helper/closed-root.js';
import { run } from '../../../helper/command.js';
import { found, foundOf, ownSceneOf } from '../../../helper/doctor.js';
import { Lab } from '../../../helper/lab.js';
import { need } from '../../../helper/need.js';
import { Qemu } from '../../../helper/qemu.js';
import { Region } from '../../../helper/region.js';
import { Serve } from '../../../helper/serve.js';
import { temp } from '../../../helper/temp.js';
import { until } from '../../../helper/until.js';

t.test(
  'a server that does not say what it serves is noted, and one that does is not',
  async (t) => {
    const silent = await Region.listen(t, {});
    const telling = await Region.listenWithHost(t, {});
    t.match(await found(hidden, { sockets: [silent.socket, telling.socket, `${temp(t)}/none`] }), [
      { severity: 'note', subject: silent.socket, message: /does not say/, remedy: /--control/ },
    ]);
  },
);

t.test('one that tells all is known by a link to its socket, too', need('qemu'), async (t) => {
  const lab = await Lab.start(t);
  const { socket, status: askStatus } = lab;
  const link = `${temp(t)}/link`;
  symlinkSync(socket, link);
  new Qemu(t, { socket: link });
  await lab.settled(1);
  const scene = await ownSceneOf({ askStatus });
  t.strictSame(scene.sockets.toSorted(), [socket, link].toSorted());
  t.strictSame(await hidden.look(scene), []);
});

t.test('a stopped server is an error, and the remedy wakes it', async (t) => {
  const socket = `${temp(t)}/s`;
  const serve = await Serve.start(t, ['--socket', socket]);
  serve.kill('SIGSTOP');
  await until('it is stopped', async () => (await found(hidden, { sockets: [socket] })).length > 0);
  const [complaint] = await found(hidden, { sockets: [socket] });
  t.match(complaint, {
    severity: 'error',
    subject: socket,
    message: new RegExp(`process ${serve.pid}\\) is stopped`),
    remedy: `kill -CONT ${serve.pid}`,
  });
  await run(t, ['sh', '-c', complaint?.remedy ?? '']);
  t.strictSame(await found(hidden, { sockets: [socket] }), []);
});

t.test(
  'a socket that was named and is not there is a warning, one by default is none',
  async (t) => {
    const { socket } = await Region.listenWithHost(t, {});
    const none = `${temp(t)}/none`;
    const named = [none, socket];
    t.match(await found(hidden, { sockets: named, named }), [
      { severity: 'warning', subject: none, message: /no socket/ },
    ]);
    t.strictSame(await found(hidden, { sockets: named }), []);
  },
);

t.test(
  'what a QEMU has in a file of options is noted, for it is not seen',
  need('qemu'),
  async (t) => {
    const { socket } = await Region.listen(t, {});
    const file = `${temp(t)}/vm.conf`;
    const chardev = `[chardev "c"]\n  backend = "socket"\n  path = "${socket}"\n`;
    writeFileSync(file, `${chardev}[device]\n  driver = "ivshmem-doorbell"\n  chardev = "c"\n`);
    const qemu = new Qemu(t, { extra: ['-readconfig', file] });
    await qemu.lives();
    t.match(await foundOf(qemu, hidden), [{ severity: 'note', message: /-readconfig/ }]);
  },
);

t.test(
  'QEMUs that a root without CAP_SYS_PTRACE may not look at are told so',
  need('root', 'qemu'),
  async (t) => {
    const region = await Region.listen(t, {});
    new Qemu(t, { socket: region.socket });
    await region.joined(1);
    const all = await foundByClosedRoot(t, 'hidden', ['--socket', region.socket]);
    t.match(
      all.filter(({ subject }) => /QEMUs?\)$/.test(subject)),
      [{ severity: 'note', message: /CAP_SYS_PTRACE/, remedy: /CAP_SYS_PTRACE/ }],
    );
  },
);

t.test('so is it of servers, when it may look at every QEMU', need('root', 'qemu'), async (t) => {
  const region = await Region.listen(t, {});
  new Qemu(t, { socket: region.socket, as: asClosedRoot });
  await region.joined(1);
  const all = await foundByClosedRoot(t, 'hidden', ['--socket', region.socket]);
  t.match(
    all.filter(({ remedy = '' }) => remedy.includes('CAP_SYS_PTRACE')),
    [{ severity: 'note', subject: /^other processes/, message: /CAP_SYS_PTRACE/ }],
  );
});

t.test('a QEMU whose mappings are too many to be read is noted', need('qemu'), async (t) => {
  const { socket } = await Region.listen(t, {});
  const qemu = new Qemu(t, { socket });
  await qemu.lives();
  const scene = await ownSceneOf({}, qemu.pid);
  const qemus = scene.qemus.map((one) => ({ ...one, hasAllMemories: false }));
  t.match(await hidden.look({ ...scene, qemus, sockets: [], named: [] }), [
    { severity: 'note', subject: `QEMU ${qemu.pid}`, message: /too many mappings/ },
  ]);
});

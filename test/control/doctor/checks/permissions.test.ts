import { chmodSync, chownSync } from 'node:fs';
import t from 'tap';
import { lookAtUsers, permissions } from '../../../../src/control/doctor/checks/permissions.js';
import { asUser } from '../../../helper/as-user.js';
import { found, foundOf } from '../../../helper/doctor.js';
import { impostor } from '../../../helper/impostor.js';
import { need } from '../../../helper/need.js';
import { Region } from '../../../helper/region.js';
import { temp } from '../../../helper/temp.js';

const NOBODY = 65_534;

t.test('a socket for its owner alone is meant so', async (t) => {
  const directory = temp(t);
  chmodSync(directory, 0o700);
  const { socket } = await Region.listen(t, { socket: `${directory}/s` });
  t.strictSame(await found(permissions, { sockets: [socket] }), []);
});

t.test('a mode that lets in whom the directory keeps out is a warning', need('root'), async (t) => {
  const directory = temp(t);
  chmodSync(directory, 0o700);
  const options = { socket: `${directory}/s`, socketMode: 0o660, socketGroup: String(NOBODY) };
  const { socket } = await Region.listen(t, options);
  const look = (): ReturnType<typeof found> => found(permissions, { sockets: [socket] });
  t.match(await look(), [
    {
      severity: 'warning',
      subject: socket,
      message: new RegExp(`group ${NOBODY} connect, and ${directory} lets nobody in`),
      remedy: 'serve it in a directory that they may enter, as /run/ivshmem',
    },
  ]);
  chownSync(directory, 0, NOBODY);
  t.match(await look(), [{ message: /lets nobody in/ }], 'its group alone is not enough');
  chmodSync(directory, 0o710);
  t.strictSame(await look(), []);
  chmodSync(directory, 0o700);
  chmodSync(socket, 0o666);
  t.match(await look(), [{ message: /lets everybody connect/, remedy: /^serve it in/ }]);
  chmodSync(directory, 0o711);
  t.strictSame(await look(), []);
});

t.test('a directory that is the gate is not to be opened', need('root'), async (t) => {
  const directory = temp(t);
  const { socket } = await Region.listen(t, { socket: `${directory}/s`, socketMode: 0o666 });
  chownSync(directory, 0, NOBODY);
  chmodSync(directory, 0o750);
  t.strictSame(await found(permissions, { sockets: [socket] }), []);
  chmodSync(directory, 0o700);
  const complaints = await found(permissions, { sockets: [socket] });
  t.equal(complaints.length, 1);
  for (const { remedy = '' } of complaints) t.notMatch(remedy, /chmod|chgrp|chown/);
});

t.test('a QEMU that names a socket which is closed to it is an error', need('root'), async (t) => {
  const directory = temp(t);
  chmodSync(directory, 0o755);
  const { socket } = await Region.listen(t, { socket: `${directory}/s` });
  // QEMU itself exits when it may not connect; this one is about to try.
  const args = ['-chardev', `socket,path=${socket},id=c`, '-device', 'ivshmem-doorbell,chardev=c'];
  const nobody = await impostor(t, { args, as: asUser(NOBODY) });
  const root = await impostor(t, { args });
  t.match(await foundOf(nobody, permissions), [
    {
      severity: 'error',
      message: new RegExp(
        `^user ${NOBODY}, group ${NOBODY} may not connect to .*: ${socket} is closed`,
      ),
      remedy: /--socket-mode 0660/,
    },
  ]);
  t.strictSame(await foundOf(root, permissions), []);

  chownSync(socket, 0, NOBODY);
  chmodSync(socket, 0o660);
  t.strictSame(await foundOf(nobody, permissions), [], 'its group may');
  chmodSync(directory, 0o700);
  t.match(await foundOf(nobody, permissions), [
    { message: new RegExp(`: ${directory} is closed`) },
  ]);
});

// A QEMU of libvirt's that may not connect is never seen: it exits. `nobody` stands for its user here.
t.test(
  'a socket that is closed to a user of QEMUs is noted before one fails',
  need('root'),
  async (t) => {
    const directory = temp(t);
    chmodSync(directory, 0o755);
    const { socket } = await Region.listen(t, { socket: `${directory}/s` });
    t.match(lookAtUsers(socket, ['nobody', 'no-such-user']), [
      {
        severity: 'note',
        subject: socket,
        message: `a QEMU of user nobody may not connect: ${socket} is closed to it`,
        remedy: /--socket-group GROUP, a group of nobody$/,
      },
    ]);
    chmodSync(socket, 0o666);
    t.strictSame(lookAtUsers(socket, ['nobody']), []);
  },
);

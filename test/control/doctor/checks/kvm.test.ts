import { existsSync } from 'node:fs';
import t from 'tap';
import { kvm } from '../../../../src/control/doctor/checks/kvm.js';
import { asUser } from '../../../helper/as-user.js';
import { ivshmem, run } from '../../../helper/command.js';
import { found } from '../../../helper/doctor.js';
import { need } from '../../../helper/need.js';
import { temp } from '../../../helper/temp.js';

const NOBODY = 65_534;

t.test('who may open it, or has none, has no finding', need('root'), async (t) => {
  t.strictSame(await found(kvm), []);
});

t.test('a user who may not open it is told of its group', need('root'), async (t) => {
  // A device of that name in a mount namespace of its own: not every machine has one, or closes it.
  const file = `${temp(t)}/kvm`;
  const place = existsSync('/dev/kvm')
    ? `touch ${file}; chmod 600 ${file}; mount --bind ${file} /dev/kvm`
    : `mkdir ${file}; mount --bind ${file} /dev; touch /dev/kvm; chmod 600 /dev/kvm`;
  const command = [...asUser(NOBODY), ...ivshmem, 'doctor', '--json', '--socket', '/nowhere/s'];
  const argv = ['unshare', '--mount', 'sh', '-ec', `${place}; exec ${command.join(' ')}`];
  const { stdout, stderr } = await run(t, argv);
  t.equal(stderr, '');
  const all = JSON.parse(stdout) as { check: string }[];
  t.match(
    all.filter(({ check }) => check === 'kvm'),
    [
      {
        severity: 'warning',
        subject: '/dev/kvm',
        message: /may not open/,
        remedy: /usermod -aG kvm/,
      },
    ],
  );
});

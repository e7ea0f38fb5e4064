import { chmodSync, symlinkSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { qemuDevice } from '../../../../src/control/doctor/checks/qemu-device.js';
import { found } from '../../../helper/doctor.js';
import { need } from '../../../helper/need.js';
import { temp } from '../../../helper/temp.js';

const name = 'qemu-system-x86_64';
const options = need('qemu');
const onPath = (process.env['PATH'] ?? '').split(':');

/** A directory with a program of the name of a QEMU. */
function program(t: Test, script: string): string {
  const directory = temp(t);
  writeFileSync(`${directory}/${name}`, `#!/bin/sh\n${script}\n`);
  chmodSync(`${directory}/${name}`, 0o755);
  return directory;
}

t.test('the QEMU of this machine has the devices', options, async (t) => {
  t.strictSame(await found(qemuDevice, { programPath: onPath }), []);
});

t.test('a QEMU without one of the devices is an error', options, async (t) => {
  // The real one, asked for a device that it has not.
  const argument = '$(echo "$*" | sed s/ivshmem-doorbell/ivshmem-gone/)';
  const directory = program(t, `PATH=${onPath.join(':')} exec ${name} ${argument}`);
  t.match(await found(qemuDevice, { programPath: [directory, ...onPath] }), [
    {
      severity: 'error',
      subject: `${directory}/${name}`,
      message: 'it has no ivshmem-doorbell',
      remedy: /install/,
    },
  ]);
});

t.test('none at all is a warning, and so is one that does not run', options, async (t) => {
  t.match(await found(qemuDevice, { programPath: [temp(t)] }), [
    { severity: 'warning', subject: 'PATH', message: /no qemu-system-/ },
  ]);
  const broken = program(t, '');
  writeFileSync(`${broken}/${name}`, '#!/nowhere/sh\n');
  t.match(await found(qemuDevice, { programPath: [broken] }), [
    { severity: 'warning', message: /does not run/ },
  ]);
});

t.test('one that is a link to another is asked once', options, async (t) => {
  const directory = program(t, 'exit 1');
  symlinkSync(name, `${directory}/kvm`);
  const complaints = await found(qemuDevice, { programPath: [directory] });
  t.equal(complaints.length, 1);
  t.match(complaints, [{ message: 'it has no ivshmem-doorbell and no ivshmem-plain' }]);
});

// A stranger's file system that never answers (FUSE, a server of NFS that is away), under what a QEMU shares.
import { spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { copyFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { Child } from '../../helper/child.js';
import { ivshmem, run } from '../../helper/command.js';
import { need } from '../../helper/need.js';
import { temp } from '../../helper/temp.js';
import { deadlineMs } from '../../helper/until.js';

const helper = (name: string): string =>
  fileURLToPath(new URL(`../../helper/${name}.js`, import.meta.url));

t.test(
  'a file system that does not answer keeps no doctor waiting',
  need('root', 'fuse'),
  async (t) => {
    const [directory, other] = [temp(t), temp(t)];
    const files = new Child(t, [process.execPath, helper('silent-files'), directory]);
    t.teardown(() => spawnSync('umount', ['-l', directory]));
    t.equal(String(await once(files.stdout, 'data')), 'ready\n', files.stderr);
    const program = `${other}/qemu-system-x86_64`;
    copyFileSync(process.execPath, program);
    const device = ['-device', 'ivshmem-doorbell,chardev=c'];
    const qemu = new Child(t, [program, helper('mapper'), `${directory}/memory`, ...device]);
    t.equal(String(await once(qemu.stdout, 'data')), 'mapped\n', qemu.stderr);
    files.kill('SIGSTOP');
    const doctor = run(t, [...ivshmem, 'doctor', '--json', '--socket', `${other}/s`]);
    const ended = await Promise.race([doctor, sleep(deadlineMs, undefined, { ref: false })]);
    files.kill('SIGKILL');
    const all = JSON.parse(ended?.stdout ?? '[]') as { subject: string; message: string }[];
    t.match(
      all.filter(({ subject }) => subject === `QEMU ${qemu.pid}`),
      [
        {
          check: 'left-behind',
          message: new RegExp(`no server has any more .${directory}/memory`),
        },
      ],
      'and what it shares is known all the same',
    );
  },
);

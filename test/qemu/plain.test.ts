// Plain devices (memory without doorbells) beside doorbell devices, started with the very options that
// `ivshmem serve` prints for a person to paste.
import { rmSync } from 'node:fs';
import t from 'tap';
import { Device } from '../helper/device.js';
import { need } from '../helper/need.js';
import { ringsEvery, vectors } from '../helper/rings.js';
import { Serve } from '../helper/serve.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';

const shmName = `ivshmem-test-${process.pid}`;
t.teardown(() => {
  // A lock file goes with its server, unless that was killed.
  for (const name of [shmName, `${shmName}.lock`]) rmSync(`/dev/shm/${name}`, { force: true });
});

const kinds = { 'an unnamed memory': [], 'a named memory': ['--shm-name', shmName] };

for (const [kind, args] of Object.entries(kinds)) {
  t.test(`a plain device beside doorbell devices on ${kind}`, need('qemu'), async (t) => {
    const socket = `${temp(t)}/s`;
    const serve = await Serve.start(t, ['--socket', socket, '--vectors', '2', ...args]);
    const printed = await until('the printed options', () => pasted(serve.stdout));
    const a = await Device.start(t, { extra: printed.doorbell });
    const b = await Device.start(t, { extra: printed.doorbell });
    const plain = await Device.start(t, { extra: printed.plain });

    t.equal(plain.vectors, 0);
    t.equal(plain.memorySize, a.memorySize);
    await a.write(0, 'to the plain one');
    t.equal(await plain.readText(0, 16), 'to the plain one');
    await plain.write(plain.memorySize - 16, 'from a plain one');
    t.equal(await b.readText(b.memorySize - 16, 16), 'from a plain one');
    t.same(await ringsEvery(a, b), vectors(2));
    t.same(await ringsEvery(b, a), vectors(2));

    await serve.end('SIGKILL');
    await a.write(0, 'and ever after');
    t.equal(await plain.readText(0, 14), 'and ever after');
  });
}

/** The QEMU options in what the server printed; undefined until all are there. */
function pasted(stdout: string): { doorbell: string[]; plain: string[] } | undefined {
  const option = (pattern: RegExp): string[] => pattern.exec(stdout)?.slice(1) ?? [];
  const doorbell = [
    ...option(/(-chardev) (socket,\S+)/),
    ...option(/(-device) (ivshmem-doorbell,\S+)/),
  ];
  const plain = [
    ...option(/(-object) (memory-backend-file,\S+)/),
    ...option(/(-device) (ivshmem-plain,\S+)/),
  ];
  return doorbell.length === 4 && plain.length === 4 ? { doorbell, plain } : undefined;
}

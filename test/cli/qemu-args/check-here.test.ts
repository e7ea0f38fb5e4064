// What a path of the server's leads to where a VM is to be started: a foreign file, nothing, another socket.
import { existsSync, readFileSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { checkHere } from '../../../src/cli/qemu-args/check-here.js';
import { ask } from '../../../src/peer/ask.js';
import { ivshmem, run } from '../../helper/command.js';
import { need } from '../../helper/need.js';
import { runQemuArgs } from '../../helper/qemu-args.js';
import { Region } from '../../helper/region.js';
import { Serve } from '../../helper/serve.js';
import { temp } from '../../helper/temp.js';

const forms = { words: [], JSON: ['--json'], libvirt: ['--libvirt'] } as const;
const M = 2 ** 20;

/** A region whose memory libvirt finds, too. */
async function namedRegion(t: Test): Promise<{ socket: string; file: string }> {
  const shmName = `ivshmem-test-here-${process.pid}-${t.name.length}`;
  const file = `/dev/shm/${shmName}`;
  t.teardown(() => {
    rmSync(file, { force: true });
  });
  const { socket } = await Region.listenWithHost(t, { shmName, size: M });
  return { socket, file };
}

for (const [form, flags] of Object.entries(forms)) {
  t.test(`${form}: no VM is sent into a foreign file`, async (t) => {
    const { socket, file } = await namedRegion(t);
    renameSync(file, `${file}.old`);
    t.teardown(() => {
      rmSync(`${file}.old`);
    });
    writeFileSync(file, 'precious'.padEnd(M, '.'));
    const ended = await runQemuArgs(t, '--socket', socket, '--plain', ...flags);
    t.match(ended, { code: 1, stdout: '' });
    t.match(
      ended.stderr,
      `ivshmem qemu-args: "${file}" is something else here than the memory of the region, and a VM ` +
        'would write into it; the server sees other paths, as in a container: run this where it runs, or ',
    );
    t.equal(ended.stderr.split('\n').length, 2, 'one line');
    t.match(readFileSync(file, 'latin1'), /^precious\./);
  });

  t.test(`${form}: no VM is sent where QEMU would make a memory of its own`, async (t) => {
    const { socket, file } = await namedRegion(t);
    rmSync(file);
    const ended = await runQemuArgs(t, '--socket', socket, '--plain', ...flags);
    t.match(ended, { code: 1, stdout: '' });
    t.match(
      ended.stderr,
      `ivshmem qemu-args: the memory of the region, "${file}", is not here (ENOENT), and a VM would ` +
        'have one of its own; the server sees other paths, ',
    );
    t.equal(ended.stderr.split('\n').length, 2, 'one line');
    t.notOk(existsSync(file), 'and none was made');
  });

  t.test(`${form}: through a link it is the same memory`, async (t) => {
    const { socket, file } = await namedRegion(t);
    renameSync(file, `${file}.old`);
    symlinkSync(`${file}.old`, file);
    t.teardown(() => {
      rmSync(`${file}.old`);
    });
    t.equal((await runQemuArgs(t, '--socket', socket, '--plain', ...flags)).code, 0);
  });
}

t.test('a memory that has the inode of another device is another', async (t) => {
  const { server, hostSocket } = await Region.listenWithHost(t, {});
  const region = await ask(hostSocket);
  const { memory } = region;
  t.equal(memory.path, server.memory.path);
  checkHere({ kind: 'plain' }, region);
  for (const other of [{ device: `${memory.device}0` }, { inode: `${memory.inode}0` }]) {
    t.throws(() => checkHere({ kind: 'plain' }, { ...region, memory: { ...memory, ...other } }), {
      name: 'CommandError',
    });
  }
});

const script = 'mount -t tmpfs none /dev/shm && exec "$@"';

t.test('a server in a container with a /dev/shm of its own is noticed', need('root'), async (t) => {
  const [socket, shmName] = [`${temp(t)}/s`, `ivshmem-test-container-${process.pid}`];
  const inContainer = ['unshare', '--mount', 'sh', '-c', script, 'sh'];
  const probe = await run(t, [...inContainer, 'true']);
  if (probe.code !== 0) {
    t.pass('this machine lets nobody mount');
    return;
  }
  await Serve.start(t, ['--socket', socket, '--shm-name', shmName, '--size', '1M'], {
    within: inContainer,
  });
  for (const flags of Object.values(forms)) {
    const words = ['qemu-args', '--socket', socket, '--plain', ...flags];
    const outside = await run(t, [...ivshmem, ...words]);
    t.match(outside, { code: 1, stdout: '', stderr: / is not here \(ENOENT\), and a VM would / });
    t.notOk(existsSync(`/dev/shm/${shmName}`));
  }
});

t.test('no VM is sent to a path where there is no socket', async (t) => {
  const directory = temp(t);
  const [socket, hostSocket] = [`${directory}/b`, `${directory}/a.host`];
  await Region.listenWithHost(t, { socket, hostSocket });
  const named = await runQemuArgs(t, '--socket', `${directory}/a`);
  t.match(named, { code: 1, stdout: '' });
  t.match(
    named.stderr,
    `ivshmem qemu-args: there is no socket of VMs at "${directory}/a" here (ENOENT); name it with --socket, `,
  );
  writeFileSync(`${directory}/a`, '');
  const file = await runQemuArgs(t, '--socket', `${directory}/a`);
  t.match(file, { code: 1, stdout: '', stderr: /here \(it is something else\); name it / });
  t.match(await runQemuArgs(t, '--socket', socket, '--host-socket', hostSocket), { code: 0 });
  rmSync(socket);
  const told = await runQemuArgs(t, '--host-socket', hostSocket);
  t.match(told, { code: 1, stdout: '', stderr: `no socket of VMs at "${socket}" here (ENOENT)` });
});

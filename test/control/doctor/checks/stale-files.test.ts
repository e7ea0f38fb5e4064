import { once } from 'node:events';
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import t, { type Test } from 'tap';
import { staleFiles } from '../../../../src/control/doctor/checks/stale-files.js';
import { asUser } from '../../../helper/as-user.js';
import { Child } from '../../../helper/child.js';
import { foundByClosedRoot } from '../../../helper/closed-root.js';
import { run } from '../../../helper/command.js';
import { found, sceneOf } from '../../../helper/doctor.js';
import { Lab } from '../../../helper/lab.js';
import { boundAt, leftQemu } from '../../../helper/served-qemu.js';
import { need } from '../../../helper/need.js';
import { Region } from '../../../helper/region.js';
import { ScriptServer } from '../../../helper/script-server.js';
import { Serve } from '../../../helper/serve.js';
import { temp } from '../../../helper/temp.js';
import { until } from '../../../helper/until.js';

/** A server that was killed, in these words. */
async function killed(t: Test, ...words: string[]): Promise<void> {
  const serve = await Serve.start(t, words);
  await serve.end('SIGKILL');
}

t.test('a living server leaves nothing behind, whatever path leads to its socket', async (t) => {
  const { socket, hostSocket } = await Region.listenWithHost(t, {});
  const link = `${temp(t)}/link`;
  symlinkSync(socket, link);
  t.strictSame(await found(staleFiles, { sockets: [socket, hostSocket, link] }), []);
});

t.test('sockets of a dead server are found by their path, and its lock files', async (t) => {
  const socket = `${temp(t)}/s`;
  await killed(t, '--socket', socket);
  const complaints = await found(staleFiles, { sockets: [socket] });
  t.match(complaints, [
    { severity: 'warning', subject: socket, message: /its server died/ },
    { severity: 'warning', subject: `${socket}.host`, message: /its server died/ },
  ]);
  // The remedy is what it says that it is.
  for (const { remedy = '' } of complaints) {
    const [, command = ''] = /, or: (rm .*)$/.exec(remedy) ?? [];
    t.equal((await run(t, ['sh', '-c', command])).code, 0, command);
  }
  t.strictSame(await found(staleFiles, { sockets: [socket] }), []);
});

t.test('a server that was asked to end leaves nothing', async (t) => {
  const socket = `${temp(t)}/s`;
  const serve = await Serve.start(t, ['--socket', socket]);
  await serve.end('SIGTERM');
  t.strictSame(await found(staleFiles, { sockets: [socket] }), []);
});

t.test('they are found where servers put them by default', async (t) => {
  const run = temp(t);
  const own = `${run}/ivshmem`;
  mkdirSync(own);
  await killed(t, '--socket', `${run}/ivshmem-lab.sock`);
  await killed(t, '--socket', `${own}/web.sock`);
  writeFileSync(`${run}/other.sock.lock`, '');
  const complaints = await found(staleFiles, { directories: [run, own] });
  t.strictSame(
    complaints.map(({ subject }) => subject).sort(),
    [
      `${run}/ivshmem-lab.sock`,
      `${run}/ivshmem-lab.sock.host`,
      `${own}/web.sock`,
      `${own}/web.sock.host`,
    ].sort(),
  );
});

t.test('memory of a server that was killed is found, and its lock file alone', async (t) => {
  const [directory, other] = [temp(t), temp(t)];
  const file = `${directory}/lab`;
  await killed(t, '--socket', `${other}/s`, '--mem-path', file);
  const look = (): ReturnType<typeof found> => found(staleFiles, { memoryDirectory: directory });
  t.match(await look(), [
    {
      severity: 'warning',
      subject: file,
      message: /memory of a server that died/,
      remedy:
        process.getuid?.() === 0
          ? `start its server again, which adopts it, or when no VM needs it: rm ${file} ${file}.lock`
          : /^start its server again/,
    },
  ]);
  t.ok(existsSync(file), 'and is left as it is');
  rmSync(file);
  t.match(await look(), [{ message: /the lock file beside it/, remedy: `rm ${file}.lock` }]);
  rmSync(`${file}.lock`);
  t.strictSame(await look(), []);
});

t.test('memory that a server in use has is no litter, nor what one left on purpose', async (t) => {
  const [directory, other] = [temp(t), temp(t)];
  const serve = await Serve.start(t, ['--socket', `${other}/s`, '--mem-path', `${directory}/lab`]);
  t.strictSame(await found(staleFiles, { memoryDirectory: directory }), []);
  await serve.end('SIGTERM');
  t.ok(existsSync(`${directory}/lab`));
  t.strictSame(await found(staleFiles, { memoryDirectory: directory }), []);
});

t.test(
  'lock files that a stranger has by the hundred hide none of another user',
  need('root'),
  async (t) => {
    const directory = temp(t);
    for (let index = 0; index < 300; index += 1) {
      writeFileSync(`${directory}/${index}.lock`, '');
      chownSync(`${directory}/${index}.lock`, 65_534, 65_534);
    }
    writeFileSync(`${directory}/lab.lock`, '');
    const complaints = await found(staleFiles, { memoryDirectory: directory });
    t.match(
      complaints.filter(({ subject }) => [directory, `${directory}/lab`].includes(subject)),
      [
        { severity: 'warning', subject: `${directory}/lab` },
        { severity: 'note', message: /^45 more lock files are there, too many/ },
      ],
    );
    t.equal(complaints.length, 257);
  },
);

t.test("what is another server's, or no lock file of ours, is left alone", async (t) => {
  const other = new ScriptServer(t);
  t.strictSame(await found(staleFiles, { sockets: [other.socket] }), [], 'it has no lock file');
  const directory = temp(t);
  writeFileSync(`${directory}/data`, 'x');
  writeFileSync(`${directory}/data.lock`, '4711\n');
  t.strictSame(await found(staleFiles, { memoryDirectory: directory }), []);
  t.strictSame(await found(staleFiles, { sockets: [`${directory}/data`] }), []);
});

t.test('a FIFO at the path of a socket, or of its lock file, is not opened', async (t) => {
  const directory = temp(t);
  await run(t, ['mkfifo', `${directory}/s`, `${directory}/s.lock`]);
  t.strictSame(await found(staleFiles, { sockets: [`${directory}/s`] }), []);
});

t.test('memory that another program has open, or locks its way, is not called dead', async (t) => {
  const directory = temp(t);
  const file = `${directory}/data`;
  writeFileSync(file, Buffer.alloc(8_192));
  writeFileSync(`${file}.lock`, '');
  const look = (): ReturnType<typeof found> => found(staleFiles, { memoryDirectory: directory });
  t.equal((await look()).length, 1, 'it looks like ours');
  for (const held of [file, `${file}.lock`]) {
    const holder = new Child(t, ['sh', '-c', `exec 3<${held}; echo; read line`]);
    await once(holder.stdout, 'data');
    t.strictSame(await look(), [], held);
    holder.kill('SIGKILL');
    await holder.exit;
  }
  writeFileSync(file, Buffer.alloc(8_191));
  t.strictSame(await look(), [], 'no region has such a size');
});

t.test('memory that a VM still has is not to be removed', need('qemu'), async (t) => {
  const [directory, other] = [temp(t), temp(t)];
  const file = `${directory}/lab`;
  await leftQemu(t, `${other}/s`, ['--mem-path', file]);
  const scene = await sceneOf({ memoryDirectory: directory });
  t.match(
    (await staleFiles.look(scene)).filter(({ subject }) => subject === file),
    [
      {
        message: /memory of a server that died, and 1 still have it/,
        remedy: 'start its server again, which adopts it',
      },
    ],
  );
});

t.test('nor is it when the server had it by another path', need('qemu', 'root'), async (t) => {
  const [directory, other] = [temp(t), temp(t)];
  const socket = `${temp(t)}/s`;
  await leftQemu(t, socket, ['--mem-path', `${other}/lab`], boundAt(directory, other));
  const scene = await sceneOf({ memoryDirectory: directory });
  t.match(
    (await staleFiles.look(scene)).filter(({ subject }) => subject === `${directory}/lab`),
    [{ message: /1 still have it/, remedy: 'start its server again, which adopts it' }],
  );
});

t.test(
  'memory that a VM still has is not to be removed by who may not look at that VM',
  need('qemu', 'root'),
  async (t) => {
    const directory = temp(t);
    chmodSync(directory, 0o755);
    const [socket, name] = [`${directory}/s`, `ivshmem-closed-${process.pid}`];
    const file = `/dev/shm/${name}`;
    t.teardown(() => [file, `${file}.lock`].forEach((one) => rmSync(one, { force: true })));
    const words = ['--socket-mode', '0666', '--shm-name', name];
    await leftQemu(t, socket, words, { as: asUser(4_002) });
    const all = await foundByClosedRoot(t, 'stale-files', ['--socket', socket]);
    const complaint = all.find(({ subject }) => subject === file);
    t.match(complaint, { remedy: /whether it is used is not known: .* with CAP_SYS_PTRACE/ });
    t.notMatch(complaint?.remedy, /rm /);
  },
);

t.test('who listens in another network namespace is alive', need('root'), async (t) => {
  const socket = `${temp(t)}/s`;
  const script = `require('net').createServer().listen('${socket}', () => console.log())`;
  const other = new Child(t, ['unshare', '--net', process.execPath, '-e', script]);
  await once(other.stdout, 'data');
  t.strictSame(await found(staleFiles, { sockets: [socket] }), []);
  other.kill('SIGKILL');
  await other.exit;
  const [complaint] = await found(staleFiles, { sockets: [socket] });
  t.match(complaint, { severity: 'warning', message: /nobody who can be seen/ });
  t.notMatch(complaint?.remedy, /rm /, 'it may be where we do not look');
});

t.test('the control socket of a dead server is found, wherever it is', async (t) => {
  const lab = await Lab.start(t);
  const { control } = lab;
  const look = (): ReturnType<typeof found> => found(staleFiles, { control });
  t.strictSame(await look(), []);
  await lab.serve.end('SIGKILL');
  // Its front has the socket for a moment longer.
  await until('nobody has it', async () => (await look()).length > 0);
  t.match(await look(), [
    { severity: 'warning', subject: control, remedy: new RegExp(`rm ${control} ${control}.lock`) },
  ]);
});

// `ivshmem qemu-args` on a region that is there: what is on standard output, and what is warned of.
import { chmodSync, mkdirSync, statSync } from 'node:fs';
import t from 'tap';
import { asUser } from '../../helper/as-user.js';
import { ivshmem, run } from '../../helper/command.js';
import { complaintsOf } from '../../helper/libvirt.js';
import { need } from '../../helper/need.js';
import { pastedWords, runQemuArgs, shellSplit } from '../../helper/qemu-args.js';
import { Region } from '../../helper/region.js';
import { SocketPeer } from '../../helper/socket-peer.js';
import { temp } from '../../helper/temp.js';

const neverReconnect =
  'ivshmem: warning: never add reconnect= to the chardev: QEMU spins on it, whatever the server does\n';

const quoted =
  'ivshmem: warning: these words are quoted, and $(…) would take them apart: paste them, or have them ' +
  'read once more, as in eval "qemu-system-x86_64 $(ivshmem qemu-args …)"\n';

t.test('that $(…) would take quoted words apart is warned of, where there are such', async (t) => {
  const directory = `${temp(t)}/sp ace`;
  mkdirSync(directory);
  const [socket, memPath] = [`${directory}/s`, `${directory}/m`];
  await Region.listenWithHost(t, { socket, hostSocket: `${socket}.host`, memPath });
  t.equal((await runQemuArgs(t, '--socket', socket)).stderr, neverReconnect + quoted);
  t.equal((await runQemuArgs(t, '--socket', socket, '--plain')).stderr, quoted);
  t.equal((await runQemuArgs(t, '--socket', socket, '--libvirt')).stderr, '');
});

t.test('words for a device with doorbells, as many as the region has', async (t) => {
  const { socket } = await Region.listenWithHost(t, { vectors: 4 });
  const { code, stdout, stderr } = await runQemuArgs(t, '--socket', socket);
  t.equal(code, 0);
  t.equal(
    stdout,
    `-chardev socket,path=${socket},id=ivshmem ` +
      '-device ivshmem-doorbell,chardev=ivshmem,vectors=4,id=ivshmem\n',
  );
  t.equal(stderr, neverReconnect);
});

t.test('all that can be asked for, in JSON', async (t) => {
  const { socket } = await Region.listenWithHost(t, { vectors: 4 });
  const flags = ['--json', '--id', 'lab.1', '--addr', '0x5', '--vectors', '4', '--master'];
  const { stdout, stderr } = await runQemuArgs(t, '--socket', socket, ...flags);
  t.equal(
    stdout,
    `-chardev socket,path=${socket},id=lab.1 -device '{"driver":"ivshmem-doorbell",` +
      `"chardev":"lab.1","vectors":4,"id":"lab.1","master":"on","addr":"05.0"}'\n`,
  );
  const first = 'master=on is for the first peer: start this VM before any other';
  t.equal(stderr, `${neverReconnect}ivshmem: warning: ${first}\n${quoted}`);
});

t.test('words for a plain device, on a memory with a name: nothing to warn of', async (t) => {
  const memPath = `${temp(t)}/memory`;
  const { socket } = await Region.listenWithHost(t, { memPath, size: 2 ** 21 });
  const { stdout, stderr } = await runQemuArgs(t, '--socket', socket, '--plain', '--master');
  t.equal(
    stdout,
    `-object memory-backend-file,id=ivshmem,size=2097152,share=on,mem-path=${memPath} ` +
      '-device ivshmem-plain,memdev=ivshmem,id=ivshmem,master=on\n',
  );
  t.equal(stderr, '');
});

t.test('that a memory without a name goes with its server is warned of', async (t) => {
  const { socket, server } = await Region.listenWithHost(t, {});
  const { stdout, stderr } = await runQemuArgs(t, '--socket', socket, '--plain', '--json');
  const { path } = server.memory;
  t.equal(
    stdout,
    `-object '{"qom-type":"memory-backend-file","id":"ivshmem","size":4194304,"share":true,` +
      `"mem-path":"${path}"}' -device '{"driver":"ivshmem-plain","memdev":"ivshmem","id":"ivshmem"}'\n`,
  );
  t.match(stderr, `ivshmem: warning: "${path}" is there as long as the server is (process `);
  t.equal(stderr.split('\n').length, 3, 'one line, and one for the quotes');
});

t.test('fewer vectors than the region has are warned of', async (t) => {
  const { socket } = await Region.listenWithHost(t, { vectors: 8 });
  const { stdout, stderr } = await runQemuArgs(t, '--socket', socket, '--vectors', '2');
  t.match(stdout, 'vectors=2,');
  t.match(stderr, 'the region has 8 vectors: what is rung on 2–7 does not arrive');
});

t.test('a function that a guest may not find is warned of', async (t) => {
  const { socket } = await Region.listenWithHost(t, {});
  const { stdout, stderr } = await runQemuArgs(t, '--socket', socket, '--addr', '1f.2');
  t.match(stdout, ',addr=1f.2\n');
  t.match(stderr, 'a guest finds function 2 of slot 1f only if another device is function 0 there');
});

t.test('a memory that may not be opened from here is warned of', need('root'), async (t) => {
  const directory = temp(t);
  chmodSync(directory, 0o755);
  const socket = `${directory}/s`;
  const sockets = { socket, hostSocket: `${socket}.host`, socketMode: 0o666 };
  await Region.listenWithHost(t, { ...sockets, memPath: `${directory}/memory` });
  const argv = [...asUser(65_534), ...ivshmem, 'qemu-args', '--socket', socket, '--plain'];
  const { code, stderr } = await run(t, argv);
  t.equal(code, 0);
  t.match(stderr, `"${directory}/memory" cannot be opened by this user here (EACCES)`);
});

t.test('a memory that may not be looked at from here is warned of', need('root'), async (t) => {
  const directory = temp(t);
  chmodSync(directory, 0o755);
  const socket = `${directory}/s`;
  const sockets = { socket, hostSocket: `${socket}.host`, socketMode: 0o666 };
  const { server } = await Region.listenWithHost(t, sockets);
  const argv = [...asUser(65_534), ...ivshmem, 'qemu-args', '--socket', socket, '--plain'];
  const { code, stderr } = await run(t, argv);
  t.equal(code, 0);
  const { dev, ino } = statSync(server.memory.path);
  t.match(
    stderr,
    `"${server.memory.path}" cannot be opened by this user here (EACCES), and so not`,
  );
  t.match(
    stderr,
    `see that it is the memory of the region (stat -L: device ${dev}, inode ${ino}),`,
  );
});

t.test('a memory that can only be read is warned of', need('root'), async (t) => {
  const directory = temp(t);
  chmodSync(directory, 0o755);
  const [socket, memPath] = [`${directory}/s`, `${directory}/memory`];
  const sockets = { socket, hostSocket: `${socket}.host`, socketMode: 0o666 };
  await Region.listenWithHost(t, { ...sockets, memPath, memMode: 0o644 });
  const argv = [...asUser(65_534), ...ivshmem, 'qemu-args', '--socket', socket, '--plain'];
  t.match((await run(t, argv)).stderr, /cannot be opened by this user here \(EACCES\), .* QEMU\n$/);
});

t.test('more vectors than the region has are a wrong call', async (t) => {
  const { socket } = await Region.listenWithHost(t, { vectors: 2 });
  const { code, stdout, stderr } = await runQemuArgs(t, '--socket', socket, '--vectors', '3');
  t.equal(code, 2);
  t.equal(stdout, '');
  t.match(stderr, /^ivshmem qemu-args: --vectors: 3 is not in 1–2, .*under KVM\nSee: .* --help\n$/);
});

t.test('a master that comes too late is warned of', async (t) => {
  const { socket } = await Region.listenWithHost(t, {});
  await SocketPeer.join(t, socket, { vectors: 1 });
  const { code, stderr } = await runQemuArgs(t, '--socket', socket, '--master');
  t.equal(code, 0);
  t.match(stderr, 'it needs peer ID 0, and the next is 1; QEMU will exit');
});

t.test('for libvirt there is a <shmem>', need('xmllint', 'libvirt-schema'), async (t) => {
  const { socket } = await Region.listenWithHost(t, { vectors: 4 });
  const flags = ['--libvirt', '--addr', '5', '--id', 'lab'];
  const { code, stdout, stderr } = await runQemuArgs(t, '--socket', socket, ...flags);
  t.equal(code, 0);
  t.equal(
    stdout,
    `<shmem name='lab'>
  <model type='ivshmem-doorbell'/>
  <server path='${socket}'/>
  <msi vectors='4' ioeventfd='on'/>
  <alias name='ua-lab'/>
  <address type='pci' domain='0x0000' bus='0x00' slot='0x05' function='0x0'/>
</shmem>
`,
  );
  t.equal(complaintsOf(t, stdout), '');
  t.equal(stderr, '', 'libvirt has no reconnect for it');
  const master = await runQemuArgs(t, '--socket', socket, '--libvirt', '--master');
  t.match(master.stdout, "<shmem name='ivshmem' role='master'>");
  t.match(master.stderr, "does not pass role='master' on");
});

t.test('for libvirt a plain device is found by its name', need('xmllint'), async (t) => {
  const shmName = `ivshmem-test-args-${process.pid}`;
  const { socket } = await Region.listenWithHost(t, { shmName, size: 2 ** 24, unlinkMemory: true });
  const { code, stdout, stderr } = await runQemuArgs(t, '--socket', socket, '--plain', '--libvirt');
  t.equal(code, 0);
  t.equal(
    stdout,
    `<shmem name='${shmName}'>
  <model type='ivshmem-plain'/>
  <size unit='MiB'>16</size>
</shmem>
`,
  );
  t.equal(stderr, '');
});

t.test('what libvirt has no way to find, or to take, is an error with the remedy', async (t) => {
  const flags = ['--plain', '--libvirt'];
  const nameless = await Region.listenWithHost(t, {});
  const unnamed = await runQemuArgs(t, '--socket', nameless.socket, ...flags);
  t.equal(unnamed.code, 1);
  t.equal(unnamed.stdout, '');
  t.match(unnamed.stderr, /this one \(memfd\) is "\/proc\/\S+"; serve it with --shm-name, .*\n$/);

  const shmName = `ivshmem-test-small-${process.pid}`;
  const small = await Region.listenWithHost(t, { shmName, size: 2 ** 16, unlinkMemory: true });
  const tooSmall = await runQemuArgs(t, '--socket', small.socket, ...flags);
  t.equal(tooSmall.code, 1);
  t.match(
    tooSmall.stderr,
    'no plain device of less than 1M, and the region has 64K; serve a larger',
  );

  const socket = `${temp(t)}/a\ufffe`;
  await Region.listenWithHost(t, { socket, hostSocket: `${socket}.host` });
  const unspeakable = await runQemuArgs(t, '--socket', socket, '--libvirt');
  t.equal(unspeakable.code, 1);
  t.match(unspeakable.stderr, 'libvirt has no way to name');
});

for (const name of ['a b', 'a,b', `a'b`, 'a$HOME`id`\\n', '*', 'ä']) {
  t.test(`the directory ${JSON.stringify(name)} passes a shell whole`, async (t) => {
    const directory = `${temp(t)}/${name}`;
    mkdirSync(directory);
    const socket = `${directory}/s`;
    await Region.listenWithHost(t, { socket, hostSocket: `${socket}.host` });
    const path = socket.replaceAll(',', ',,');
    t.same(await pastedWords(t, '--socket', socket), [
      '-chardev',
      `socket,path=${path},id=ivshmem`,
      '-device',
      'ivshmem-doorbell,chardev=ivshmem,vectors=1,id=ivshmem',
    ]);
    const json = (await runQemuArgs(t, '--socket', socket, '--json')).stdout;
    t.same(shellSplit(json.trimEnd())[1], `socket,path=${path},id=ivshmem`);
  });
}

t.test('a path that no terminal should see is printed by nobody', async (t) => {
  for (const name of ['a\tb', 'a\nb', 'a\x1b[2J', 'a\u202eb']) {
    const directory = `${temp(t)}/${name}`;
    mkdirSync(directory);
    const socket = `${directory}/s`;
    await Region.listenWithHost(t, { socket, hostSocket: `${socket}.host` });
    const { code, stdout, stderr } = await runQemuArgs(t, '--socket', socket);
    t.equal(code, 1);
    t.equal(stdout, '');
    t.match(
      stderr,
      /^ivshmem qemu-args: socket in the server's answer is not an absolute path .*\n$/,
    );
  }
});

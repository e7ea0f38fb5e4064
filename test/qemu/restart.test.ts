// A server starts where another was or still is. The dead one's VMs may be living on its memory, and
// the living one must not even notice: to probe a socket by connecting is to join.
import { existsSync, rmSync, statSync } from 'node:fs';
import t from 'tap';
import { Device } from '../helper/device.js';
import { need } from '../helper/need.js';
import { ringsEvery, vectors } from '../helper/rings.js';
import { Serve } from '../helper/serve.js';
import { temp } from '../helper/temp.js';

const shmName = `ivshmem-test-${process.pid}`;
const shmPath = `/dev/shm/${shmName}`;
t.teardown(() => {
  // A lock file goes with its server, unless that was killed.
  for (const path of [shmPath, `${shmPath}.lock`]) rmSync(path, { force: true });
});

t.test('a server starts over the socket that a kill -9 left', need('qemu'), async (t) => {
  const socket = `${temp(t)}/s`;
  const args = ['--socket', socket, '--vectors', '2'];
  const options = { socket, vectors: 2 };
  const first = await Serve.start(t, args);
  const [a, b] = await Device.startAll(t, 2, options);
  t.same(await ringsEvery(a, b), vectors(2));
  await first.end('SIGKILL');
  t.ok(existsSync(socket), 'it left its socket');

  await Serve.start(t, args);
  const [c, d] = await Device.startAll(t, 2, options);
  t.same(await ringsEvery(c, d), vectors(2));
  t.same(await ringsEvery(d, c), vectors(2));
  t.same(await ringsEvery(a, b), vectors(2), 'those of the dead server go on');
  await a.write(0, 'old');
  t.equal(await b.readText(0, 3), 'old');
});

t.test(
  'a second server on a living socket fails, and the first sleeps on',
  need('qemu'),
  async (t) => {
    const socket = `${temp(t)}/s`;
    const args = ['--socket', socket, '--vectors', '2'];
    const first = await Serve.start(t, args);
    const a = await Device.start(t, { socket, vectors: 2 });
    t.same(await ringsEvery(a, a), vectors(2));
    const before = { log: first.stderr, inode: statSync(socket).ino };

    const { code, stderr } = await Serve.fail(t, args);
    t.equal(code, 1);
    t.match(stderr, socket, 'it names what is in use');
    t.same({ log: first.stderr, inode: statSync(socket).ino }, before);
    const b = await Device.start(t, { socket, vectors: 2 });
    t.equal(b.id, 1, 'no ID was used up');
    t.same(await ringsEvery(a, b), vectors(2));
    t.equal(first.logged('join').length, 2);
  },
);

for (const kind of ['--shm-name', '--mem-path'] as const) {
  t.test(
    `a second server on a living ${kind} fails, and the first sleeps on`,
    need('qemu'),
    async (t) => {
      const directory = temp(t);
      const socket = `${directory}/s`;
      const memory = kind === '--shm-name' ? [kind, shmName] : [kind, `${directory}/memory`];
      const first = await Serve.start(t, ['--socket', socket, ...memory]);
      const [a, b] = await Device.startAll(t, 2, { socket });
      t.same(await ringsEvery(a, b), vectors(1));
      await a.write(0, 'mine');
      const log = first.stderr;

      const other = `${directory}/other`;
      for (const size of ['4M', '8M']) {
        const { code, stderr } = await Serve.fail(t, [
          '--socket',
          other,
          '--size',
          size,
          ...memory,
        ]);
        t.equal(code, 1);
        t.match(stderr, memory[1], 'it names what is in use');
      }
      t.equal(first.stderr, log);
      t.notOk(existsSync(other), 'it leaves no socket behind');
      t.equal(await b.readText(0, 4), 'mine');
      t.same(await ringsEvery(a, b), vectors(1));
      await first.end('SIGKILL');
    },
  );

  t.test(`the ${kind} of a dead server is neither resized nor emptied`, need('qemu'), async (t) => {
    const directory = temp(t);
    const socket = `${directory}/s`;
    const memory = kind === '--shm-name' ? [kind, shmName] : [kind, `${directory}/memory`];
    const path = kind === '--shm-name' ? shmPath : `${directory}/memory`;
    rmSync(shmPath, { force: true });
    const first = await Serve.start(t, ['--socket', socket, '--size', '4M', ...memory]);
    const old = await Device.start(t, { socket });
    await old.write(0, 'a life of work');
    await first.end('SIGKILL');

    for (const size of ['8M', '2M']) {
      const { code, stderr } = await Serve.fail(t, ['--socket', socket, '--size', size, ...memory]);
      t.equal(code, 1);
      t.match(stderr, memory[1], `${size} is not its size`);
      t.equal(statSync(path).size, 4 * 1024 ** 2);
      t.equal(await old.readText(0, 14), 'a life of work');
    }

    await Serve.start(t, ['--socket', socket, '--size', '4M', ...memory]);
    const young = await Device.start(t, { socket });
    t.equal(await young.readText(0, 14), 'a life of work', 'at equal size it is adopted');
    await young.write(2 ** 20, 'from the young');
    t.equal(await old.readText(2 ** 20, 14), 'from the young');
    await old.write(2 ** 21, 'from the old');
    t.equal(await young.readText(2 ** 21, 12), 'from the old');
  });
}

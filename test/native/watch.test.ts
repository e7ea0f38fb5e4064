// Also the contract of `koffi.node.poll`, which is undocumented: what koffi changes fails here.
import { once } from 'node:events';
import { openSync } from 'node:fs';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import threads from 'node:worker_threads';
import koffi from 'koffi';
import t, { type Test } from 'tap';
import { createEventfd, drainEventfd, ringEventfd } from '../../native/eventfd.js';
import { Fd } from '../../native/fd.js';
import { createSocketPair } from '../../native/unix-socket.js';
import { Watch, type WatchEvents } from '../../native/watch.js';
import { Child } from '../helper/child.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';
import { overflowEventfd } from './full-count.js';
import { isBlocking, makeBlocking } from './status-flags.js';

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

const READABLE = { readable: true, writable: false };
const WRITABLE = { readable: false, writable: true };
const BOTH = { readable: true, writable: true };
const NEITHER = { readable: false, writable: false };

/** Lets the event loop poll so many times. */
async function turns(count: number): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}

/** A watch that keeps what it was called with, and the descriptors, for the time of a test. */
class Scene {
  readonly seen: WatchEvents[] = [];
  readonly watch: Watch;

  constructor(t: Test, fd: Fd, events: WatchEvents) {
    this.watch = new Watch(fd, events, (seen) => this.seen.push(seen));
    t.teardown(() => {
      this.watch.close();
      fd.close();
    });
  }

  /** Resolves when it is called once more than until now. */
  async called(): Promise<void> {
    const { length } = this.seen;
    await until('the watch calls back', () => this.seen.length > length);
  }

  /** Whether it stays silent for a while of the loop. */
  async rests(): Promise<boolean> {
    await turns(2);
    const { length } = this.seen;
    await turns(20);
    return this.seen.length === length;
  }
}

t.test('koffi calls back with a status and the events, in this order', async (t) => {
  const fd = createEventfd();
  ringEventfd(fd);
  const args = await new Promise<unknown[]>((resolve) => {
    const poll = koffi.node.poll as unknown as (
      rawFd: number,
      events: WatchEvents,
      callback: (...args: unknown[]) => void,
    ) => { close: () => void };
    const handle = poll(fd.rawFd, READABLE, (...args) => {
      handle.close();
      resolve(args);
    });
  });
  t.strictSame(args, [0, { readable: true, writable: false, disconnect: false }]);
  fd.close();
});

t.test('a ring calls back, again and again until it is drained', async (t) => {
  const fd = createEventfd();
  const scene = new Scene(t, fd, READABLE);
  t.ok(await scene.rests());
  ringEventfd(fd);
  await scene.called();
  await scene.called();
  t.match(scene.seen[0], READABLE);
  drainEventfd(fd);
  t.ok(await scene.rests());
});

t.test('a hang-up is readable', async (t) => {
  const [socket, peer] = createSocketPair();
  const scene = new Scene(t, socket, READABLE);
  t.ok(await scene.rests());
  peer.close();
  await scene.called();
  t.match(scene.seen[0], READABLE);
});

t.test('an update changes what is waited for; with neither the watch rests', async (t) => {
  const fd = createEventfd();
  const scene = new Scene(t, fd, READABLE);
  scene.watch.update(WRITABLE);
  await scene.called();
  t.match(scene.seen[0], WRITABLE);
  scene.watch.update(NEITHER);
  t.ok(await scene.rests());
  ringEventfd(fd);
  t.ok(await scene.rests());
  scene.watch.update(BOTH);
  await scene.called();
  t.match(scene.seen.at(-1), BOTH);
  scene.watch.update(READABLE);
  drainEventfd(fd);
  t.ok(await scene.rests());
});

t.test('an update to the same changes nothing', async (t) => {
  const fd = createEventfd();
  const scene = new Scene(t, fd, READABLE);
  scene.watch.update({ ...READABLE });
  ringEventfd(fd);
  await scene.called();
  t.match(scene.seen[0], READABLE);
});

t.test('a closed watch calls nobody, and everything else to it does nothing', async (t) => {
  const fd = createEventfd();
  const scene = new Scene(t, fd, READABLE);
  ringEventfd(fd);
  await scene.called();
  scene.watch.close();
  const { length } = scene.seen;
  scene.watch.close();
  scene.watch.unref();
  scene.watch.update(BOTH);
  scene.watch[Symbol.dispose]();
  await turns(20);
  t.equal(scene.seen.length, length);
});

t.test('a watch may be closed by its own callback', async (t) => {
  const fd = createEventfd();
  ringEventfd(fd);
  let calls = 0;
  const watch = new Watch(fd, BOTH, () => {
    calls += 1;
    watch.close();
    fd.close();
  });
  await until('it is closed', () => !fd.isOpen);
  await turns(20);
  t.equal(calls, 1);
});

t.test('a descriptor can be watched again after its watch was closed', async (t) => {
  const fd = createEventfd();
  new Watch(fd, READABLE, () => t.fail('closed')).close();
  const scene = new Scene(t, fd, READABLE);
  ringEventfd(fd);
  await scene.called();
  t.ok(scene.seen.length > 0);
});

t.test('a watch that only the house refers to is not collected', async (t) => {
  const fd = createEventfd();
  const { seen } = new Scene(t, fd, READABLE);
  await turns(2);
  collectGarbage();
  await turns(2);
  collectGarbage();
  ringEventfd(fd);
  await until('it calls back', () => seen.length > 0);
  t.match(seen[0], READABLE);
});

t.test('an exception in a callback is not lost', async (t) => {
  const fd = createEventfd();
  ringEventfd(fd);
  const bug = new Error('a bug');
  const thrown = new Promise((resolve) => process.setUncaughtExceptionCaptureCallback(resolve));
  t.teardown(() => process.setUncaughtExceptionCaptureCallback(null));
  const watch = new Watch(fd, READABLE, () => {
    watch.close();
    fd.close();
    throw bug;
  });
  t.equal(await thrown, bug);
});

/** A program that watches a doorbell that was rung, as an argument vector. */
function program(callback: string, end = ''): string[] {
  const from = (name: string): string =>
    JSON.stringify(new URL(`../../native/${name}.js`, import.meta.url).href);
  const code = `
    import { createEventfd, drainEventfd, ringEventfd } from ${from('eventfd')};
    import { Watch } from ${from('watch')};
    const fd = createEventfd();
    ringEventfd(fd);
    let calls = 0;
    const watch = new Watch(fd, { readable: true, writable: false }, () => { ${callback} });
    ${end}`;
  return [process.execPath, '--input-type=module', '-e', code];
}

t.test('an exception in a callback ends a process that does not catch it', async (t) => {
  const { code, stderr } = await new Child(t, program('throw new Error("a bug")')).exit;
  t.equal(code, 1);
  t.match(stderr, /Error: a bug/);
});

t.test('an open watch keeps the process alive', async (t) => {
  const child = new Child(t, program('calls += 1; if (calls === 100) console.log("alive")'));
  const [text] = (await once(child.stdout, 'data')) as [Buffer];
  t.equal(text.toString(), 'alive\n');
});

t.test(
  'a process ends with an open watch that is told not to keep it, and koffi does not abort it',
  async (t) => {
    const { code, stderr } = await new Child(t, program('drainEventfd(fd)', 'watch.unref()')).exit;
    t.strictSame({ code, stderr }, { code: 0, stderr: '' });
  },
);

t.test('in this process, too, a watch can be told not to keep it alive', async (t) => {
  const fd = createEventfd();
  const scene = new Scene(t, fd, READABLE);
  scene.watch.unref();
  ringEventfd(fd);
  await scene.called();
  t.match(scene.seen[0], READABLE, 'and calls back while something else does');
});

t.test('a doorbell that the kernel overflowed is both, and watched on when drained', async (t) => {
  const fd = createEventfd();
  const scene = new Scene(t, fd, READABLE);
  overflowEventfd(fd);
  await scene.called();
  t.match(scene.seen[0], BOTH, 'what is wrong shows in the next read or write');
  await scene.called();
  t.equal(drainEventfd(fd), 2n ** 64n - 1n);
  t.ok(await scene.rests());
  ringEventfd(fd);
  await scene.called();
  t.match(scene.seen.at(-1), READABLE);
});

t.test('a callback that ends an overflowed watch is its last', async (t) => {
  const fd = createEventfd();
  overflowEventfd(fd);
  let calls = 0;
  const watch = new Watch(fd, READABLE, () => {
    calls += 1;
    watch.close();
    fd.close();
  });
  await until('it is closed', () => !fd.isOpen);
  await turns(20);
  t.equal(calls, 1);
});

t.test('a watched descriptor is made non-blocking', async (t) => {
  const fd = createEventfd();
  makeBlocking(fd.rawFd);
  new Scene(t, fd, READABLE);
  t.notOk(isBlocking(fd.rawFd));
});

t.test('a file or a directory cannot be watched', async (t) => {
  const path = temp(t);
  for (const [name, flags] of [
    [path, 'r'],
    [`${path}/file`, 'w'],
  ] as const) {
    using fd = new Fd(openSync(name, flags));
    t.throws(() => new Watch(fd, READABLE, () => undefined), {
      code: 'EPERM',
      syscall: 'epoll_ctl',
    });
  }
});

/** Another instance of the module: its own open watches, and koffi's function as it is now. */
async function loadAgain(name: string): Promise<typeof Watch> {
  const url = `${new URL('../../native/watch.js', import.meta.url).href}?${name}`;
  return ((await import(url)) as { Watch: typeof Watch }).Watch;
}

t.test('at the exit of the process all watches are closed', async (t) => {
  const Ending = await loadAgain('exit');
  const exit = process.listeners('exit').at(-1)!;
  using fd = createEventfd();
  const watch = new Ending(fd, READABLE, () => t.fail('closed'));
  exit(0);
  ringEventfd(fd);
  await turns(20);
  t.doesNotThrow(() => watch.close());
});

t.test('what koffi throws is the system error that it tells, or else as it is', async (t) => {
  const node = koffi.node as { poll: unknown };
  const { poll } = node;
  t.teardown(() => (node.poll = poll));
  let text = '';
  node.poll = () => {
    throw new Error(`Failed to start UV poll: ${text}`);
  };
  const Failing = await loadAgain('koffi-throws');
  using fd = createEventfd();
  const watch = (): Watch => new Failing(fd, READABLE, () => undefined);
  text = 'no space left on device';
  t.throws(watch, { code: 'ENOSPC', syscall: 'epoll_ctl' });
  text = 'the moon is full';
  t.throws(watch, { name: 'Error', message: 'Failed to start UV poll: the moon is full' });
});

t.test('nothing is watched in a worker: its end would be that of the process', async (t) => {
  using fd = createEventfd();
  const { isMainThread } = threads;
  t.teardown(() => Object.assign(threads, { isMainThread }));
  Object.assign(threads, { isMainThread: false });
  t.throws(() => new Watch(fd, READABLE, () => undefined), { code: 'ERR_IVSHMEM_WORKER_THREAD' });
});

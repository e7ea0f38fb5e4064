// `ivshmem serve` under a service manager that is told how it goes.
import { readFileSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { Child } from '../helper/child.js';
import { ivshmem, run } from '../helper/command.js';
import { Datagrams } from '../helper/datagrams.js';
import { need } from '../helper/need.js';
import { SocketPeer } from '../helper/socket-peer.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';

const built = need('unix-dgram');
const STOPPING = 'STOPPING=1\nSTATUS=stopping: peers may read what they are owed';

interface Notified {
  readonly manager: Datagrams;
  readonly child: Child;
  readonly socket: string;
}

/** A server that tells a manager, with these options. */
function serve(
  t: Test,
  args: readonly string[] = [],
  { manager = new Datagrams(t), env = {} }: { manager?: Datagrams; env?: NodeJS.ProcessEnv } = {},
): Notified {
  const socket = `${temp(t)}/s`;
  const where = args.includes('--config') ? [] : ['--socket', socket];
  const child = new Child(t, [...ivshmem, 'serve', ...where, ...args], {
    env: { ...process.env, NOTIFY_SOCKET: manager.address, ...env },
  });
  return { manager, child, socket };
}

t.test('a manager is told when connects succeed, who is there, and the end', built, async (t) => {
  const { manager, child, socket } = serve(t);
  t.equal(await manager.wait('READY=1'), 'READY=1\nSTATUS=1 region, 0 peers');
  await SocketPeer.join(t, socket, { vectors: 1 });
  await manager.wait('STATUS=1 region, 1 peer');
  child.kill('SIGTERM');
  t.equal((await child.exit).code, 0);
  t.equal(manager.all.at(-1), STOPPING);
});

t.test('a server that fails is never ready', built, async (t) => {
  const { manager, child } = serve(t, ['--shm-name', 'a/b']);
  t.equal((await child.exit).code, 2);
  const other = serve(t, ['--mem-path', `${temp(t)}/none/memory`], { manager });
  t.equal((await other.child.exit).code, 1);
  t.same(manager.all, []);
});

t.test(
  'root tells it before and after it has become another user',
  need('unix-dgram', 'root'),
  async (t) => {
    // Where the user may not even look.
    const directory = temp(t);
    const { manager, child } = serve(t, ['--user', 'nobody'], {
      manager: new Datagrams(t, `${directory}/notify`),
      env: { WATCHDOG_USEC: '20000' },
    });
    await manager.wait('READY=1');
    t.match(
      readFileSync(`/proc/${child.pid}/status`, 'latin1'),
      /^Uid:\t65534\t65534\t65534\t65534$/m,
    );
    await manager.wait('WATCHDOG=1');
    child.kill('SIGTERM');
    await manager.wait('STOPPING=1');
    await child.exit;
  },
);

t.test('each reload is begun and ended, with a time, whatever comes of it', built, async (t) => {
  const directory = temp(t);
  const config = `${directory}/ivshmem.yaml`;
  const write = (text: string): void =>
    writeFileSync(config, `regions: { a: { socket: s, size: 64K } ${text}}\n`);
  write('');
  const { manager, child } = serve(t, ['--config', config]);
  await manager.wait('READY=1');
  const texts = {
    ', b: { socket: b, size: 64K } ': '2 regions, 0 peers',
    ', b: { tea: 1 } ': undefined,
  };
  for (const [text, status] of Object.entries(texts)) {
    write(text);
    const from = manager.all.length;
    const before = process.hrtime.bigint() / 1_000n;
    child.kill('SIGHUP');
    await manager.wait('READY=1', from);
    const [reloading = ''] = manager.all.slice(from);
    const [, time = ''] = /^RELOADING=1\nMONOTONIC_USEC=(\d+)$/.exec(reloading) ?? [];
    t.ok(BigInt(time) >= before && BigInt(time) <= process.hrtime.bigint() / 1_000n, reloading);
    if (status !== undefined) await manager.wait(`STATUS=${status}`);
  }
  const { code } = await run(t, [...ivshmem, 'reload', '--socket', `${directory}/s`]);
  t.equal(code, 1, 'ivshmem reload says what was wrong');
});

t.test(
  'a reload of a server without a file is begun and ended, and changes nothing',
  built,
  async (t) => {
    const { manager, child, socket } = serve(t);
    await manager.wait('READY=1');
    const from = manager.all.length;
    child.kill('SIGHUP');
    await manager.wait('READY=1', from);
    t.match(manager.all[from], /^RELOADING=1\nMONOTONIC_USEC=\d+$/);
    t.equal((await SocketPeer.join(t, socket, { vectors: 1 })).id, 0);
    t.match(child.stderr, 'there is no --config; nothing was changed');
  },
);

t.test('a server that is stopped sends no watchdog message', built, async (t) => {
  const env = { WATCHDOG_USEC: '20000' };
  const witness = serve(t, [], { env });
  const { manager, child } = serve(t, [], { env });
  await manager.wait('WATCHDOG=1');
  child.kill('SIGSTOP');
  await until('it is stopped', () =>
    readFileSync(`/proc/${child.pid}/stat`, 'latin1').includes(' T '),
  );
  const silent = manager.all.length;
  // As long as another one takes for ten.
  for (let from = 0, count = 0; count < 10; count += 1) {
    await witness.manager.wait('WATCHDOG=1', from);
    from = witness.manager.all.length;
  }
  t.equal(manager.all.length, silent);
  child.kill('SIGCONT');
  await manager.wait('WATCHDOG=1', silent);
});

t.test('a server whose event loop is blocked sends no watchdog message', built, async (t) => {
  const env = { WATCHDOG_USEC: '20000' };
  const witness = serve(t, [], { env });
  const manager = new Datagrams(t);
  // The daemon and what tells of it, in a program that blocks itself until its input ends.
  const url = (name: string): string =>
    JSON.stringify(new URL(`../../src/${name}.js`, import.meta.url).href);
  const script = `
    import { readSync } from 'node:fs';
    const { Daemon } = await import(${url('server/daemon')});
    const { ServiceManager } = await import(${url('control/service-manager')});
    const daemon = await Daemon.listen([{ socket: ${JSON.stringify(`${temp(t)}/s`)} }]);
    ServiceManager.connect(process.env, console.error).ready(daemon);
    process.on('SIGUSR1', () => { console.log('blocked'); readSync(0, Buffer.alloc(1)); });`;
  const child = new Child(t, [process.execPath, '--input-type=module', '-e', script], {
    env: { ...process.env, ...env, NOTIFY_SOCKET: manager.address },
  });
  let stdout = '';
  child.stdout.on('data', (text: Buffer) => (stdout += text.toString()));
  await manager.wait('WATCHDOG=1');
  child.kill('SIGUSR1');
  await until('it is blocked', () => stdout.includes('blocked'));
  const silent = manager.all.length;
  for (let from = 0, count = 0; count < 10; count += 1) {
    await witness.manager.wait('WATCHDOG=1', from);
    from = witness.manager.all.length;
  }
  t.equal(manager.all.length, silent);
  child.stdin.write('x');
  await manager.wait('WATCHDOG=1', silent);
});

t.test('a manager that does not read, or goes, holds up nobody', built, async (t) => {
  const { manager, child, socket } = serve(t, [], { env: { WATCHDOG_USEC: '2000' } });
  await until('the warning', () => child.stderr.includes('its queue is full'), 60_000);
  t.equal((await SocketPeer.join(t, socket, { vectors: 1 })).id, 0);
  manager.close();
  t.equal((await SocketPeer.join(t, socket, { vectors: 1 })).id, 1);
  child.kill('SIGTERM');
  const { code, stderr } = await child.exit;
  t.equal(code, 0);
  t.equal(stderr.match(/the service manager is not told/g)?.length, 1);
});

const odd: Readonly<Record<string, readonly [env: NodeJS.ProcessEnv, says: string]>> = {
  'a socket that is gone': [{ NOTIFY_SOCKET: '/nowhere/notify' }, 'ENOENT'],
  'a relative path': [{ NOTIFY_SOCKET: 'notify' }, 'no absolute path'],
  'a watchdog without a period': [{ WATCHDOG_USEC: '' }, "WATCHDOG_USEC: '' is not microseconds"],
};

for (const [what, [env, says]] of Object.entries(odd)) {
  t.test(`${what} is one warning, and it serves`, built, async (t) => {
    const { child, socket } = serve(t, [], { env });
    await until('it listens', () => child.stderr.includes('"listening"') || !child.alive);
    t.equal((await SocketPeer.join(t, socket, { vectors: 1 })).id, 0);
    child.kill('SIGTERM');
    const { code, stderr } = await child.exit;
    t.equal(code, 0, stderr);
    t.match(stderr, says);
    t.equal(stderr.match(/"level":"warn"/g)?.length, 1);
  });
}

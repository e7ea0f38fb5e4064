// What a service manager hears, and what becomes of what it does not.
import { EventEmitter } from 'node:events';
import { rmSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import t, { type Test } from 'tap';
import { NotifySocket } from '../../src/control/notify-socket.js';
import { Datagrams } from '../helper/datagrams.js';
import { need } from '../helper/need.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';

const built = need('unix-dgram');

interface Connected {
  readonly socket: NotifySocket;
  readonly warnings: readonly string[];
}

function connect(t: Test, address: string): Connected {
  const warnings: string[] = [];
  const socket = new NotifySocket(address, (message) => warnings.push(message));
  t.teardown(() => socket.close());
  return { socket, warnings };
}

/** Sends until there is no room. */
function fill({ socket, warnings }: Connected): void {
  while (warnings.length === 0) socket.send('STATUS=one of many');
}

for (const kind of ['a path', 'an abstract name']) {
  t.test(`what is sent to ${kind} comes as one datagram`, built, async (t) => {
    const name = `@ivshmem-test/${process.pid}/notify`;
    const manager = new Datagrams(t, kind === 'a path' ? undefined : name);
    const { socket, warnings } = connect(t, manager.address);
    socket.send('READY=1\nSTATUS=fine');
    socket.send('STATUS=é');
    t.same(manager.all, ['READY=1\nSTATUS=fine', 'STATUS=é']);
    t.same(warnings, []);
    socket.close();
    socket.close();
  });
}

const none: Readonly<Record<string, readonly [address: (t: Test) => string, says: RegExp]>> = {
  'is not there': [(t) => `${temp(t)}/none`, /ENOENT/],
  'has an abstract name that nobody has': [() => '@ivshmem-test/nobody', /ECONNREFUSED/],
  'is relative': [() => 'run/notify', /no absolute path/],
  'is empty': [() => '', /no absolute path/],
  'has an empty name': [() => '@', /no absolute path/],
  'is of a virtual machine': [() => 'vsock:2:1234', /no absolute path/],
  'is too long': [() => '/'.padEnd(108, 'x'), /ENAMETOOLONG/],
};

for (const [what, [address, says]] of Object.entries(none)) {
  t.test(`a socket that ${what} is one warning`, built, async (t) => {
    const { socket, warnings } = connect(t, address(t));
    socket.send('READY=1');
    socket.send('WATCHDOG=1');
    t.equal(warnings.length, 1);
    t.match(warnings[0], says);
  });
}

t.test('a manager that has gone is one warning, and what follows is lost', built, async (t) => {
  const manager = new Datagrams(t);
  const { socket, warnings } = connect(t, manager.address);
  manager.close();
  socket.send('STATUS=a');
  socket.send('STATUS=b');
  t.equal(warnings.length, 1);
  t.match(warnings[0], /ECONNREFUSED|ENOTCONN/);
});

for (const address of [undefined, `@ivshmem-test/${process.pid}/again`]) {
  const where = address === undefined ? 'a path' : 'an abstract name';
  t.test(`a manager that binds ${where} anew hears the next message`, built, async (t) => {
    const manager = new Datagrams(t, address);
    const { socket, warnings } = connect(t, manager.address);
    manager.close();
    if (address === undefined) rmSync(manager.address);
    socket.send('WATCHDOG=1');
    t.equal(warnings.length, 1, 'nobody is there');
    const again = new Datagrams(t, manager.address);
    socket.send('WATCHDOG=1');
    socket.send('STATUS=a');
    t.same(again.all, ['WATCHDOG=1', 'STATUS=a']);
  });
}

t.test('a manager that binds its socket anew each time leaves nothing behind', built, async (t) => {
  const complaints: Error[] = [];
  const onWarning = (warning: Error): void => void complaints.push(warning);
  process.on('warning', onWarning);
  t.teardown(() => process.off('warning', onWarning));
  let manager = new Datagrams(t);
  const { socket, warnings } = connect(t, manager.address);
  for (let n = 0; n < 2 * EventEmitter.defaultMaxListeners; n += 1) {
    manager.close();
    rmSync(manager.address);
    manager = new Datagrams(t, manager.address);
    socket.send(`STATUS=${n}`);
    t.same(manager.all, [`STATUS=${n}`]);
  }
  await setImmediate();
  t.same(complaints, [], 'Node says so of listeners');
  t.same(warnings, []);
});

t.test(
  'a manager that binds its socket anew while the queue is full hears the rest',
  built,
  async (t) => {
    const manager = new Datagrams(t);
    const connected = connect(t, manager.address);
    fill(connected);
    rmSync(manager.address);
    const again = new Datagrams(t, manager.address);
    manager.close();
    await until('the rest', () => again.all.length > 0);
    t.same(again.all, ['STATUS=one of many']);
  },
);

t.test('a queue that nobody reads holds up nobody, and is one warning', built, async (t) => {
  const manager = new Datagrams(t);
  const connected = connect(t, manager.address);
  fill(connected);
  connected.socket.send('WATCHDOG=1');
  t.equal(connected.warnings.length, 1);
  t.match(connected.warnings[0], 'its queue is full');
});

t.test('once somebody reads, the latest of each kind comes, in their order', built, async (t) => {
  const manager = new Datagrams(t);
  const connected = connect(t, manager.address);
  fill(connected);
  const lost = ['RELOADING=1\nMONOTONIC_USEC=1', 'WATCHDOG=1', 'STATUS=a', 'READY=1', 'WATCHDOG=1'];
  const kept = ['RELOADING=1\nMONOTONIC_USEC=2', 'STATUS=b', 'READY=1'];
  for (const text of [...lost, ...kept]) connected.socket.send(text);
  const before = manager.all.length;
  await until('the rest', () => manager.all.length >= before + 4);
  t.same(manager.all.slice(before), ['WATCHDOG=1', ...kept]);
});

t.test('a manager that goes while the queue is full is waited for no more', built, async (t) => {
  const manager = new Datagrams(t);
  const connected = connect(t, manager.address);
  fill(connected);
  manager.close();
  connected.socket.send('STATUS=last');
  t.equal(connected.warnings.length, 1);
});

// Which inherited socket is whose.
import { mkdirSync, symlinkSync } from 'node:fs';
import t, { type Test } from 'tap';
import { createUnixSocket } from '../../native/unix-socket.js';
import { assignSockets } from '../../src/cli/assign-sockets.js';
import type { InheritedSocket } from '../../src/control/inherited-sockets.js';
import type { ServerOptions } from '../../src/server/options.js';
import { temp } from '../helper/temp.js';

/** A socket at a path; with a name, or given by its number. */
function socket(t: Test, path: string, name?: string): InheritedSocket {
  const fd = createUnixSocket();
  t.teardown(() => fd.close());
  return { fd, name, path };
}

/** Where a region of the result has its sockets, and which of them it inherits. */
function seen({ socket, hostSocket, vms, inherited }: ServerOptions): unknown {
  const places = { socket, hostSocket, vms: vms?.map((vm) => vm.socket) };
  return { ...places, inherited: [...(inherited?.keys() ?? [])] };
}

const lab = { name: 'lab', socket: '/run/lab', hostSocket: '/run/lab.host' };
const desk = { name: 'desk', socket: '/run/desk', hostSocket: '/run/desk.host' };
const plain = { socket: '/run/ivshmem.sock', hostSocket: '/run/ivshmem.sock.host' };

t.test('without sockets, regions stay as they are', async (t) => {
  const { regions, warnings } = assignSockets([lab], []);
  t.same(regions, [lab]);
  t.same(warnings, []);
});

t.test('the address decides, whatever the name', async (t) => {
  const sockets = [
    socket(t, '/run/desk', 'lab'),
    socket(t, '/run/lab.host', 'x'),
    socket(t, '/run/lab', 'x'),
  ];
  const { regions, warnings } = assignSockets([lab, { ...desk, hostSocket: undefined }], sockets);
  t.same(regions.map(seen), [
    {
      ...{ socket: '/run/lab', hostSocket: '/run/lab.host', vms: undefined },
      inherited: ['/run/lab', '/run/lab.host'],
    },
    { ...{ socket: '/run/desk', hostSocket: undefined, vms: undefined }, inherited: ['/run/desk'] },
  ]);
  t.equal(regions[0]?.inherited?.get('/run/lab'), sockets[2]?.fd);
  t.same(warnings, []);
});

t.test('an address may be written in several ways', async (t) => {
  const directory = temp(t);
  mkdirSync(`${directory}/run`);
  symlinkSync('run', `${directory}/var`);
  const region = { name: 'a', socket: `${directory}/var/s` };
  const { regions, warnings } = assignSockets([region], [socket(t, `${directory}/run/s`, 'x')]);
  t.match(regions.map(seen), [{ socket: `${directory}/var/s`, inherited: [`${directory}/var/s`] }]);
  t.same(warnings, []);
});

t.test('what is bound elsewhere is known by its name, and is where it is', async (t) => {
  const vms = [
    { name: 'web', user: 'root' },
    { name: 'db', socket: '/run/db' },
  ];
  const sockets = [
    socket(t, '/x/host', 'lab.host'),
    socket(t, '/x/db', 'lab.db'),
    socket(t, '/x/web', 'lab.web'),
    socket(t, '/x/lab', 'lab'),
  ];
  const { regions, warnings } = assignSockets([{ ...lab, vms }, desk], sockets);
  t.match(regions.map(seen), [
    { socket: '/x/lab', hostSocket: '/x/host', vms: ['/x/web', '/x/db'] },
    { socket: '/run/desk', hostSocket: '/run/desk.host', inherited: [] },
  ]);
  t.match(regions[0]?.vms, [{ name: 'web', user: 'root' }, { name: 'db' }]);
  t.same(
    warnings.map(({ code, message }) => `${code}: ${message}`),
    [
      'socket-moved: the socket of region lab is /x/lab, where it was opened for us, and not /run/lab',
      'socket-moved: the socket for host commands of region lab is /x/host, where it was opened for us, and not /run/lab.host',
      'socket-moved: the socket of VM db of region lab is /x/db, where it was opened for us, and not /run/db',
    ],
  );
});

t.test('a region without a name has the only one that is left', async (t) => {
  for (const name of ['unknown', 'ivshmem.socket', '']) {
    const { regions } = assignSockets([plain], [socket(t, '/x/a', name)]);
    t.match(regions.map(seen), [{ socket: '/x/a', inherited: ['/x/a'] }]);
  }
});

t.test('a region without a name knows that for host commands by name or path', async (t) => {
  for (const [path, name] of [
    ['/x/b', 'host'],
    ['/x/b', 'ivshmem.host'],
    ['/x/a.host', 'a'],
  ] as const) {
    const { regions } = assignSockets([plain], [socket(t, '/x/a', 'a'), socket(t, path, name)]);
    t.match(regions.map(seen), [{ socket: '/x/a', hostSocket: path }]);
  }
});

t.test('a number that a person gave is the socket, whatever else there is', async (t) => {
  const sockets = [socket(t, '/x/a', 'a'), socket(t, '/x/b')];
  const { regions, warnings } = assignSockets([plain], sockets);
  t.match(regions.map(seen), [{ socket: '/x/b', inherited: ['/x/b'] }]);
  t.match(warnings.at(-1), { code: 'socket-unused', message: /\/x\/a \('a'\)/ });
});

t.test('beside a socket that is not ours there is none for host commands by default', async (t) => {
  const { regions, warnings } = assignSockets([plain], [socket(t, '/x/a', 'a')]);
  t.match(regions.map(seen), [{ hostSocket: undefined }]);
  t.match(warnings, [
    { code: 'host-socket', message: /have \/x\/a\.host opened/ },
    { code: 'socket-moved' },
  ]);
  const other = { ...plain, hostSocket: '/run/commands' };
  const asked = assignSockets([other], [socket(t, '/run/ivshmem.sock', 'a')]);
  t.match(asked.regions.map(seen), [
    { hostSocket: '/run/commands', inherited: ['/run/ivshmem.sock'] },
  ]);
  t.same(asked.warnings, []);
});

t.test('a socket that nobody asked for is a warning', async (t) => {
  const sockets = [socket(t, '/run/lab', 'lab'), socket(t, '/x/tea', 'tea')];
  const { warnings } = assignSockets([{ ...lab, hostSocket: undefined }], sockets);
  t.match(warnings, [{ code: 'socket-unused', message: /^nobody serves \/x\/tea \('tea'\)/ }]);
});

t.test('a region that is called control has what is called so, wherever it stands', async (t) => {
  const called = { name: 'control', socket: '/run/c', hostSocket: '/run/c.host' };
  for (const regions of [[called], [called, lab], [lab, called]]) {
    const { regions: given, control } = assignSockets(regions, [socket(t, '/x/c', 'control')]);
    const region = given.find(({ name }) => name === 'control');
    t.match(region && seen(region), { socket: '/x/c', inherited: ['/x/c'] });
    t.equal(control, undefined, 'and VMs do not get the control socket');
  }
});

t.test('the control socket is known by its address, then by its name', async (t) => {
  const [named, other] = [socket(t, '/x/b.host', 'control'), socket(t, '/run/control', 'lab')];
  for (const regions of [[lab], [plain]]) {
    t.same(assignSockets(regions, [named]).control, { path: '/x/b.host', fd: named.fd });
    const { control, warnings } = assignSockets(regions, [other], '/run/control');
    t.same(control, { path: '/run/control', fd: other.fd });
    t.same(warnings, []);
  }
  const { warnings } = assignSockets([lab], [named], '/run/control');
  t.match(warnings, [
    {
      code: 'socket-moved',
      message: /^the control socket is \/x\/b\.host, where .* not \/run\/control$/,
    },
  ]);
});

t.test('a second socket that is called control is warned of, or an error', async (t) => {
  const two = [socket(t, '/run/control', 'control'), socket(t, '/x/b', 'control')];
  const { control, warnings } = assignSockets([lab], two, '/run/control');
  t.equal(control?.fd, two[0]?.fd);
  t.match(warnings, [{ code: 'socket-unused', message: /^nobody serves \/x\/b \('control'\)/ }]);
  t.throws(() => assignSockets([lab], two), {
    name: 'EnvironmentError',
    message: /may both be the control socket; allowed: one, or one that is bound to its path$/,
  });
});

t.test('a name that is there twice is an error, where it is needed', async (t) => {
  const two = [socket(t, '/x/a', 'lab'), socket(t, '/x/b', 'lab')];
  t.throws(() => assignSockets([lab], two), {
    name: 'EnvironmentError',
    message:
      /^LISTEN_FDNAMES: \/x\/a \('lab'\) and \/x\/b \('lab'\) may both be the socket of region lab/,
  });
  t.throws(() => assignSockets([plain], two), { name: 'EnvironmentError' });
  const known = [socket(t, '/run/lab', 'lab'), socket(t, '/run/lab.host', 'lab')];
  t.same(assignSockets([lab], known).warnings, []);
});

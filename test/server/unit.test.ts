import { readFileSync } from 'node:fs';
import t from 'tap';
import { unitPattern, unitsOf } from '../../src/server/unit.js';

const user = '/user.slice/user-1000.slice/user@1000.service';
const known: Readonly<Record<string, readonly string[]>> = {
  '/system.slice/web.service': ['system.slice', 'web.service'],
  '/init.scope': ['init.scope'],
  '/system.slice/system-getty.slice/getty@tty1.service': [
    'system.slice',
    'system-getty.slice',
    'getty@tty1.service',
  ],
  '/machine.slice/machine-qemu\\x2d1\\x2dweb.scope/libvirt/emulator': [
    'machine.slice',
    'machine-qemu\\x2d1\\x2dweb.scope',
  ],
  '/user.slice/user-1000.slice/session-3.scope': [
    'user.slice',
    'user-1000.slice',
    'session-3.scope',
  ],
  [`${user}/app.slice/web.service`]: [
    'user.slice',
    'user-1000.slice',
    'user@1000.service',
    'user@1000.service/app.slice',
    'user@1000.service/web.service',
  ],
  [`${user}/init.scope`]: [
    'user.slice',
    'user-1000.slice',
    'user@1000.service',
    'user@1000.service/init.scope',
  ],
  '/customer.slice': ['customer.slice'],
  '/system.slice/_memory.service': ['system.slice', 'memory.service'],
  '/': [],
  '/docker/0123': [],
  '/docker/web.service': [],
};
for (const [path, units] of Object.entries(known)) {
  t.test(`units of ${path}`, async (t) => {
    t.same(unitsOf(`0::${path}\n`), units);
    t.same(unitsOf(`9:name=systemd:/x\n1:cpu:/y.service\n0::${path}\n`), units, 'beside version 1');
  });
}

const nothing: Readonly<Record<string, string>> = {
  'no text': '',
  'cgroup version 1 alone': '9:name=systemd:/system.slice/web.service\n',
  'a path out of our cgroup namespace': '0::/../../system.slice/web.service\n',
  'a cgroup that is gone': '0::/system.slice/web.service (deleted)\n',
  'a line that only seems to begin': '9:cpu:/a\r0::/web.service\n8:x:/b\u20280::/web.service\n',
};
for (const [name, text] of Object.entries(nothing)) {
  t.test(`no unit can be read from ${name}`, async (t) => t.same(unitsOf(text), []));
}

t.test('who has a cgroup of its own to divide is given no name of another', async (t) => {
  for (const path of ['/system.slice/evil.service/web.service', `${user}/evil.service/web.service`])
    t.notOk(unitsOf(`0::${path}\n`).some((name) => /(^|\/)web\.service$/.test(name)));
  const own = unitsOf(`0::${user}/app.slice/web.service\n`);
  t.notOk(
    own.some((name) => unitPattern('unit', 'web.service').test(name)),
    "not a user's either",
  );
  t.ok(own.some((name) => unitPattern('unit', 'user@1000.service/web.service').test(name)));
});

t.test("this process's own cgroup is read without a complaint", async (t) => {
  t.ok(Array.isArray(unitsOf(readFileSync('/proc/self/cgroup', 'utf8'))));
});

const fits: readonly (readonly [pattern: string, unit: string, fits: boolean])[] = [
  ['web.service', 'web.service', true],
  ['web.service', 'webxservice', false],
  ['web.service', 'my-web.service', false],
  ['web-*.service', 'web-1.service', true],
  ['web-*.service', 'web-.service', true],
  ['web-*.service', 'web-1.service.d.service', true],
  ['web-*.service', 'web-1.scope', false],
  ['*.service', 'user@1000.service/web.service', false],
  ['*', 'user@1000.service/web.service', false],
  ['user@*/web.service', 'user@1000.service/web.service', true],
  ['user@1000.service/*', 'user@1001.service/web.service', false],
  ['machine-qemu\\x2d*\\x2dweb.scope', 'machine-qemu\\x2d1\\x2dweb.scope', true],
  ['a(b)[c]?{d}|^$+.service', 'a(b)[c]?{d}|^$+.service', true],
  ['***.service', 'web.service', true],
];
for (const [pattern, unit, is] of fits) {
  t.test(`${pattern} fits ${unit}: ${is ? 'yes' : 'no'}`, async (t) => {
    t.equal(unitPattern('unit', pattern).test(unit), is);
  });
}

t.test('what could fit no unit is an error about its option', async (t) => {
  const wrong = [
    '',
    'web',
    'web.service/',
    'system.slice/web.service',
    'user@1.service/a/b.service',
  ];
  for (const name of wrong) {
    t.throws(() => unitPattern('access[0].unit', name), {
      code: 'ERR_IVSHMEM_OPTION',
      option: 'access[0].unit',
      message: /web\.service/,
    });
  }
  t.throws(() => unitPattern('unit', 5 as never), { code: 'ERR_IVSHMEM_OPTION' });
});

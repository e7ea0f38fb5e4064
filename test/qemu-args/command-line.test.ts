import t from 'tap';
import {
  doorbellOnCommandLine,
  isQemuName,
  nameOnCommandLine,
} from '../../src/qemu/command-line.js';

t.test("QEMU's programs are known by name", async (t) => {
  for (const name of ['qemu-system-x86_64', 'qemu-system-aarch64', 'qemu-kvm', 'kvm']) {
    t.ok(isQemuName(name), name);
  }
  for (const name of ['qemu-img', 'qemu-system-', 'my-qemu-kvm', 'kvmtool', 'kvm-ok', 'node', '']) {
    t.notOk(isQemuName(name), name);
  }
});

t.test(
  'a QEMU that a wrapper starts, or a distribution builds anew, does not pass by',
  async (t) => {
    for (const name of [
      ...['.qemu-system-x86_64-wrapped', '.qemu-system-x86_64-wrapped_', '.qemu-kvm-wrapped'],
      ...['qemu-system-x86_64-microvm', 'qemu-system-x86_64-spice', 'kvm-spice'],
      ...['qemu-system-x86_64.real', 'qemu-system-x86_64-real', 'kvm.real', 'qemu-kvm-real'],
    ])
      t.ok(isQemuName(name), name);
  },
);

const chardev = '-chardev socket,path=/run/s,id=c';

const certain: Readonly<Record<string, { socket: string; vectors: number }>> = {
  [`${chardev} -device ivshmem-doorbell,chardev=c,vectors=4`]: { socket: '/run/s', vectors: 4 },
  [`-device ivshmem-doorbell,vectors=16,chardev=c ${chardev}`]: { socket: '/run/s', vectors: 16 },
  [`--chardev socket,id=c,path=s --device ivshmem-doorbell,id=x,chardev=c,vectors=2`]: {
    socket: 's',
    vectors: 2,
  },
  [`${chardev} -device e1000 -device ivshmem-doorbell,chardev=c,vectors=4`]: {
    socket: '/run/s',
    vectors: 4,
  },
  '-chardev socket,path=/a,,b,id=c -device ivshmem-doorbell,chardev=c,vectors=4': {
    socket: '/a,b',
    vectors: 4,
  },
  '-chardev socket,path=/a,,,id=c -device ivshmem-doorbell,chardev=c,vectors=4': {
    socket: '/a,',
    vectors: 4,
  },
  '-chardev id=c,backend=socket,path=/a -device chardev=c,vectors=4,driver=ivshmem-doorbell': {
    socket: '/a',
    vectors: 4,
  },
};
for (const [line, device] of Object.entries(certain)) {
  t.test(`certain: ${line}`, async (t) => {
    t.same(doorbellOnCommandLine(['qemu-system-x86_64', ...line.split(' ')]), device);
  });
}

for (const [vectors, number] of Object.entries({
  '+9': 9,
  '0x1F': 31,
  '0Xa': 10,
  '010': 8,
  '0': 0,
})) {
  t.test(`a number of QEMU's: ${vectors}`, async (t) => {
    const line = `${chardev} -device ivshmem-doorbell,chardev=c,vectors=${vectors}`;
    t.match(doorbellOnCommandLine(['qemu-system-x86_64', ...line.split(' ')]), { vectors: number });
  });
}

const doubtful = [
  '',
  chardev,
  `${chardev} -device ivshmem-doorbell,chardev=c`,
  ...['', 'x', '09', '0x', '-1', '4.0', '1e1', '4294967296'].map(
    (vectors) => `${chardev} -device ivshmem-doorbell,chardev=c,vectors=${vectors}`,
  ),
  `${chardev} -device ivshmem-doorbell,chardev=d,vectors=4`,
  `${chardev} -device ivshmem-plain,memdev=m`,
  `${chardev} -device {"driver":"ivshmem-doorbell","chardev":"c","vectors":4}`,
  `${chardev} -device ivshmem-doorbell,chardev=c,vectors=4 -device ivshmem-doorbell,chardev=d,vectors=2`,
  `${chardev} -device ivshmem-doorbell,chardev=c,vectors=4,id=d -set device.d.vectors=2`,
  '-chardev pipe,path=/run/s,id=c -device ivshmem-doorbell,chardev=c,vectors=4',
  '-chardev socket,fd=3,id=c -device ivshmem-doorbell,chardev=c,vectors=4',
  `${chardev} -append ivshmem-doorbell,chardev=c,vectors=4`,
];
for (const line of doubtful) {
  t.test(`doubtful: ${line}`, async (t) => {
    t.equal(doorbellOnCommandLine(['qemu-system-x86_64', ...line.split(' ')]), undefined);
  });
}

const named: Readonly<Record<string, string>> = {
  '-name web': 'web',
  '--name web -m 16M': 'web',
  '-name guest=web,debug-threads=on': 'web',
  '-name debug-threads=on,guest=web': 'web',
  '-name web,process=q': 'web',
  '-name a,,b': 'a,b',
};
for (const [line, name] of Object.entries(named)) {
  t.test(`a VM has a name: ${line}`, async (t) => {
    t.equal(nameOnCommandLine(['/usr/bin/qemu-system-x86_64', ...line.split(' ')]), name);
  });
}

const nameless = [
  '',
  '-name',
  '-name ,process=q',
  '-name guest=',
  '-name process=web',
  '-name a -name b',
  '-name a,guest=b',
  '-name guest=a,guest=b',
  '-name a -readconfig f',
  '-m name web',
];
for (const line of nameless) {
  t.test(`no name without doubt: ${line}`, async (t) => {
    t.equal(nameOnCommandLine(['/usr/bin/qemu-system-x86_64', ...line.split(' ')]), undefined);
  });
}

t.test('what is no QEMU has no name of a VM', async (t) => {
  t.equal(nameOnCommandLine(['node', '-name', 'web']), undefined);
  t.equal(nameOnCommandLine([]), undefined);
});

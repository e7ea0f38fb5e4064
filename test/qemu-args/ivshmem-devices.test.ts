import t from 'tap';
import { ivshmemDevices, memoryPaths } from '../../src/qemu/ivshmem-devices.js';

const chardev = ['-chardev', 'socket,path=/run/s,id=c'];

t.test('every device is told, in both syntaxes', async (t) => {
  const argv = [
    ...['qemu-kvm', ...chardev, '-chardev', 'socket,id=d,path=/run/a,,b,reconnect-ms=50'],
    ...['-device', 'ivshmem-doorbell,chardev=c,vectors=4', '--device', 'virtio-net'],
    ...['-device', '{"driver":"ivshmem-doorbell","chardev":"d","vectors":2}'],
    ...['-device', 'ivshmem-plain,memdev=m', '-device', 'driver=ivshmem-doorbell,chardev=c'],
  ];
  const doorbell = { kind: 'doorbell', socket: '/run/s', reconnects: false };
  t.strictSame(ivshmemDevices(argv), [
    { ...doorbell, vectors: 4 },
    { ...doorbell, socket: '/run/a,b', vectors: 2, reconnects: true },
    { kind: 'plain', socket: undefined, vectors: undefined, reconnects: false },
    { ...doorbell, vectors: 1 },
  ]);
});

t.test('options are put together as QEMU does it', async (t) => {
  const one = (line: string): unknown => ivshmemDevices(['qemu-kvm', ...line.split(' ')])[0];
  const [its, device] = ['-chardev socket,path=/s,id=c', '-device ivshmem-doorbell,chardev=c,id=d'];
  for (const [line, vectors] of [
    [`${its} -global ivshmem-doorbell.vectors=8 ${device}`, 8],
    [`${its} ${device} -global driver=ivshmem-doorbell,property=vectors,value=8`, 8],
    [`${its} ${device} -global ivshmem-common.vectors=8`, 8],
    [`${its} ${device} -global ivshmem-doorbell.vectors=8 -global ivshmem-doorbell.vectors=6`, 6],
    [`${its} ${device} -global e1000.vectors=8 -global vectors -global ivshmem-plain.vectors=8`, 1],
    [`${its} ${device},vectors=3 -global ivshmem-doorbell.vectors=8`, 3],
    [`${its} ${device},vectors=3 -set device.d.vectors=8 -global ivshmem-doorbell.vectors=2`, 8],
    [`${its} ${device},vectors=3 -set device.e.vectors=8 -set chardev.d.vectors=8 -set x`, 3],
    [`${its} ${device},vectors=3,vectors=4`, 4],
    [
      `${its} -device {"driver":"ivshmem-doorbell","chardev":"c"} -global ivshmem-doorbell.vectors=8`,
      8,
    ],
    [`${its} -device ivshmem-doorbell -global ivshmem-doorbell.chardev=c`, 1],
    [`${its} -device id=d,chardev=c,driver=ivshmem-doorbell`, 1],
  ] as const)
    t.match(one(line), { socket: '/s', vectors, reconnects: false }, line);
  for (const [line, socket] of [
    [`-chardev id=c,path=/s,reconnect=1,backend=socket ${device}`, '/s'],
    [`${its} ${device} -set chardev.c.reconnect=1`, '/s'],
    [`${its} ${device} -set chardev.c.reconnect=1 -set chardev.c.path=/a.b=c`, '/a.b=c'],
  ] as const)
    t.match(one(line), { socket, vectors: 1, reconnects: true }, line);
});

t.test('sixty thousand arguments take no longer than one look at each', async (t) => {
  const many = (word: string, value: (n: number) => string): string[] =>
    Array.from({ length: 20_000 }, (_, n) => [word, value(n)]).flat();
  const argv = [
    ...['qemu-kvm', ...chardev, ...many('-device', () => 'ivshmem-doorbell,chardev=c,id=d')],
    ...many('-set', (n) => `device.d.k${n}=1`),
    ...many('-global', (n) => `ivshmem-doorbell.k${n}=1`),
  ];
  t.equal(ivshmemDevices(argv).length, 20_000);
});

t.test('what is not said, or makes no sense, is not known', async (t) => {
  const one = (device: string, ...before: string[]): unknown =>
    ivshmemDevices([...chardev, ...before, '-device', device])[0];
  t.match(one('ivshmem-doorbell,chardev=x'), { socket: undefined, reconnects: false });
  t.match(one('ivshmem-doorbell,chardev=p', '-chardev', 'pty,id=p,reconnect=1'), {
    socket: undefined,
    reconnects: false,
  });
  for (const vectors of ['', '0', '0x', '09', '2049', '-1', '1e9', '99999999999999999999'])
    t.match(one(`ivshmem-doorbell,chardev=c,vectors=${vectors}`), { vectors: undefined });
  for (const text of [
    '{"driver":"ivshmem-doorbell"',
    '{ivshmem}',
    '[1]ivshmem',
    'x-ivshmem',
    'null ivshmem',
  ])
    t.equal(one(text), undefined);
  t.strictSame(ivshmemDevices(['-device']), []);
  t.match(one('ivshmem-doorbell,chardev=c', '-chardev', 'socket,id=c,path=/b,reconnect=0'), {
    reconnects: false,
  });
});

t.test('no JSON of a stranger ends who reads it', async (t) => {
  const one = (device: string): unknown => ivshmemDevices([...chardev, '-device', device])[0];
  t.match(one('{"driver":"ivshmem-doorbell","vectors":{"toString":5}}'), { vectors: 1 });
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
  t.match(one(`{"driver":"ivshmem-doorbell","chardev":${deep},"vectors":3}`), { vectors: 3 });
  t.equal(one('{"driver":["ivshmem-doorbell"]}'), undefined);
  t.match(one('{"driver":"ivshmem-doorbell","__proto__":{"vectors":9},"constructor":1}'), {
    kind: 'doorbell',
    vectors: 1,
  });
});

t.test('memory that a QEMU makes itself is told by its path', async (t) => {
  const argv = [
    ...['-object', 'memory-backend-file,id=m,mem-path=/dev/shm/a,share=on', '-mem-path', '/b,c'],
    ...['-object', '{"qom-type":"memory-backend-file","mem-path":"/c"}', '-object', 'rng-random'],
  ];
  t.strictSame(memoryPaths(argv), ['/dev/shm/a', '/c', '/b,c']);
});

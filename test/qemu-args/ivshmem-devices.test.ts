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

t.test('what is not said, or makes no sense, is not known', async (t) => {
  const one = (device: string, ...before: string[]): unknown =>
    ivshmemDevices([...chardev, ...before, '-device', device])[0];
  t.match(one('ivshmem-doorbell,chardev=x'), { socket: undefined, reconnects: false });
  t.match(one('ivshmem-doorbell,chardev=p', '-chardev', 'pty,id=p,reconnect=1'), {
    socket: undefined,
    reconnects: false,
  });
  for (const vectors of ['', '0', '0x4', '-1', '1e9', '99999999999999999999'])
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

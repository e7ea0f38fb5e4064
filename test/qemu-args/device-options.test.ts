import t from 'tap';
import { doorbellArguments, plainArguments, shellWords } from '../../src/qemu/device-options.js';

t.test('a doorbell device is a chardev and a device, and never reconnects', async (t) => {
  t.same(doorbellArguments({ socket: '/run/s', vectors: 4 }), [
    '-chardev',
    'socket,path=/run/s,id=ivshmem',
    '-device',
    'ivshmem-doorbell,chardev=ivshmem,vectors=4',
  ]);
});

t.test('a plain device is a memory backend and a device', async (t) => {
  t.same(plainArguments({ path: '/proc/1/fd/9', sizeBytes: 4_194_304 }), [
    '-object',
    'memory-backend-file,id=ivshmem,size=4194304,share=on,mem-path=/proc/1/fd/9',
    '-device',
    'ivshmem-plain,memdev=ivshmem',
  ]);
});

t.test('identifier, place and role are those of the device', async (t) => {
  const options = { id: 'lab.1', address: { slot: 31, fn: 7 }, isMaster: true };
  t.same(doorbellArguments({ socket: '/run/s', vectors: 4, ...options }), [
    '-chardev',
    'socket,path=/run/s,id=lab.1',
    '-device',
    'ivshmem-doorbell,chardev=lab.1,vectors=4,id=lab.1,master=on,addr=1f.7',
  ]);
  t.same(plainArguments({ path: '/dev/shm/m', sizeBytes: 4096, ...options }), [
    '-object',
    'memory-backend-file,id=lab.1,size=4096,share=on,mem-path=/dev/shm/m',
    '-device',
    'ivshmem-plain,memdev=lab.1,id=lab.1,master=on,addr=1f.7',
  ]);
});

t.test('in JSON the device and the object are objects, and the chardev is none', async (t) => {
  const options = { id: 'i', address: { slot: 5, fn: 0 }, isMaster: true, syntax: 'json' } as const;
  t.same(doorbellArguments({ socket: '/a,b', vectors: 4, ...options }), [
    '-chardev',
    'socket,path=/a,,b,id=i',
    '-device',
    '{"driver":"ivshmem-doorbell","chardev":"i","vectors":4,"id":"i","master":"on","addr":"05.0"}',
  ]);
  t.same(plainArguments({ path: '/a,b', sizeBytes: 4096, ...options }), [
    '-object',
    '{"qom-type":"memory-backend-file","id":"i","size":4096,"share":true,"mem-path":"/a,b"}',
    '-device',
    '{"driver":"ivshmem-plain","memdev":"i","id":"i","master":"on","addr":"05.0"}',
  ]);
});

t.test('what is not asked for is not said, in either syntax', async (t) => {
  t.equal(
    doorbellArguments({ socket: '/s', vectors: 1, isMaster: false, syntax: 'json' })[3],
    '{"driver":"ivshmem-doorbell","chardev":"ivshmem","vectors":1}',
  );
  t.equal(
    plainArguments({ path: '/m', sizeBytes: 4096, isMaster: false, syntax: 'text' })[3],
    'ivshmem-plain,memdev=ivshmem',
  );
});

t.test('a comma in a path does not end it', async (t) => {
  t.match(doorbellArguments({ socket: '/a,b', vectors: 1 })[1], 'path=/a,,b,id=');
  t.match(plainArguments({ path: '/a,b', sizeBytes: 4096 })[1], 'mem-path=/a,,b');
});

t.test('words for a shell are quoted where they need it', async (t) => {
  t.equal(shellWords(['-device', 'a,b=c', '/run/s:1@2%3+4']), '-device a,b=c /run/s:1@2%3+4');
  t.equal(shellWords(['two words', "it's", '$HOME', '']), `'two words' 'it'\\''s' '$HOME' ''`);
});

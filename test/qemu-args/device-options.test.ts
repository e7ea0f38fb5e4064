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

t.test('a comma in a path does not end it', async (t) => {
  t.match(doorbellArguments({ socket: '/a,b', vectors: 1 })[1], 'path=/a,,b,id=');
  t.match(plainArguments({ path: '/a,b', sizeBytes: 4096 })[1], 'mem-path=/a,,b');
});

t.test('words for a shell are quoted where they need it', async (t) => {
  t.equal(shellWords(['-device', 'a,b=c', '/run/s:1@2%3+4']), '-device a,b=c /run/s:1@2%3+4');
  t.equal(shellWords(['two words', "it's", '$HOME', '']), `'two words' 'it'\\''s' '$HOME' ''`);
});

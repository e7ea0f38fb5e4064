import t from 'tap';
import { regionTable } from '../../../src/cli/config/region-table.js';

t.test('each region has a line, each column its width', async (t) => {
  const base = { socketMode: 0o600, memMode: 0o600, vectors: 1, size: 4_194_304 };
  const table = regionTable([
    { ...base, name: 'lab', socket: '/run/lab.sock', vms: [{ name: 'web' }, { name: 'db' }] },
    { ...base, name: 'huge', socket: '/h', hugePageBytes: 2_097_152, vectors: 16 },
    { ...base, name: 'shm', socket: '/s', shmName: '/s', size: 67_108_864, vms: [] },
    { ...base, name: 'file', socket: '/f', memPath: '/run/memory' },
  ]);
  t.strictSame(table.split('\n'), [
    'REGION  SOCKET         MEMORY              VECTORS  VMS',
    'lab     /run/lab.sock  4M memfd            1        web, db',
    'huge    /h             4M memfd, 2M pages  16       -',
    'shm     /s             64M /dev/shm/s      1        -',
    'file    /f             4M /run/memory      1        -',
    '',
  ]);
});

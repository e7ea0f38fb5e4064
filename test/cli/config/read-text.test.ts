import { symlinkSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { readText } from '../../../src/cli/config/read-text.js';
import { configFile } from '../../helper/config-file.js';
import { temp } from '../../helper/temp.js';

t.test('a text comes without its byte order mark', async (t) => {
  t.equal(await readText(configFile(t, '\ufeffregions:\r\n')), 'regions:\r\n');
  t.equal(await readText(configFile(t, '')), '');
});

t.test('what cannot be read is the error of the system, with the path', async (t) => {
  const directory = temp(t);
  symlinkSync('loop', `${directory}/loop`);
  writeFileSync(`${directory}/file`, '');
  const cases = [
    ['missing', 'ENOENT'],
    ['loop', 'ELOOP'],
    ['file/under', 'ENOTDIR'],
  ] as const;
  for (const [name, code] of cases) {
    const path = `${directory}/${name}`;
    await t.rejects(readText(path), { code, path, syscall: 'open' });
  }
  await t.rejects(readText(directory), {
    code: 'ERR_IVSHMEM_NOT_A_FILE',
    path: directory,
    message: `${directory} is no regular file`,
  });
});

t.test('a file of any size costs no more than what is taken', async (t) => {
  const wrong = { code: 'ERR_IVSHMEM_CONFIG', findings: [{ line: 1 }] };
  await t.rejects(readText('/dev/zero'), { code: 'ERR_IVSHMEM_NOT_A_FILE' });
  await t.rejects(readText(configFile(t, '#'.repeat(262_145))), wrong);
  t.equal((await readText(configFile(t, '#'.repeat(262_144)))).length, 262_144);
});

t.test('what is not UTF-8 is said with its line', async (t) => {
  const cases: readonly (readonly [bytes: string, line: number])[] = [
    ['61ff', 1],
    ['610a620ac30a', 3],
    ['610aeda080', 2],
    ['fffe72000a00', 1],
  ];
  for (const [hex, line] of cases) {
    const path = configFile(t, Buffer.from(hex, 'hex'));
    await t.rejects(readText(path), {
      code: 'ERR_IVSHMEM_CONFIG',
      message: `${path}:${line}:1: this line is not UTF-8; save the file as UTF-8`,
    });
  }
});

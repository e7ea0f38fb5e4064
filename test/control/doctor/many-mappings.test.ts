// A process with more mappings than are read. Whose user is slow is not looked at for a while: nothing else is tested here.
import { once } from 'node:events';
import { mkdirSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { staleFiles } from '../../../src/control/doctor/checks/stale-files.js';
import { Child } from '../../helper/child.js';
import { found } from '../../helper/doctor.js';
import { need } from '../../helper/need.js';
import { temp } from '../../helper/temp.js';

const mapper = fileURLToPath(new URL('../../helper/mapper.js', import.meta.url));

t.test('memory is not to be removed while somebody is not looked at', need('root'), async (t) => {
  const directory = temp(t);
  const file = `${directory}/data`;
  writeFileSync(file, Buffer.alloc(8_192));
  writeFileSync(`${file}.lock`, '');
  const look = async (): Promise<string | undefined> =>
    (await found(staleFiles, { memoryDirectory: directory }))[0]?.remedy;
  t.match(await look(), /rm /);
  // The list of its mappings is longer than what is read, and the file is at its end.
  const long = `${temp(t)}/${'x'.repeat(250)}`.padEnd(3_800, `/${'x'.repeat(250)}`);
  mkdirSync(long, { recursive: true });
  writeFileSync(`${long}/y`, Buffer.alloc(4_096));
  const argv = [process.execPath, mapper, file, `${long}/y`, '5000'];
  const holder = new Child(t, argv);
  t.equal(String(await once(holder.stdout, 'data')), 'mapped\n', holder.stderr);
  t.match(await look(), /whether it is used is not known: .* too many mappings/);
  t.notMatch(await look(), /rm /);
});

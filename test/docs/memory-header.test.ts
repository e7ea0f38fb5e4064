// What docs/memory-header.md shows is what its own commands write and print.
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { ivshmem, run } from '../helper/command.js';
import { Serve } from '../helper/serve.js';
import { temp } from '../helper/temp.js';

const page = fileURLToPath(new URL('../../../docs/memory-header.md', import.meta.url));

t.test("the page's bytes are what a server with the page's options writes", async (t) => {
  const text = readFileSync(page, 'utf8');
  const [, shown = ''] = /^```text\n(0{8} .*?)^```$/ms.exec(text) ?? [];
  const [, label = '', vectors = ''] = /--label '(.*)' --vectors (\d)$/m.exec(text) ?? [];
  const socket = `${temp(t)}/s`;
  await Serve.start(t, ['--socket', socket, '--label', label, '--vectors', vectors]);
  const { stdout } = await run(t, [...ivshmem, 'peer', 'read', '0', '128', '--socket', socket]);
  t.equal(stdout, shown);
});

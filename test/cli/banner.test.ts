// What a person reads on standard output, and pastes into a shell.
import { execFileSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import t, { type Test } from 'tap';
import { Serve } from '../helper/serve.js';
import { temp } from '../helper/temp.js';
import { until } from '../helper/until.js';

t.test('the banner names socket, memory and vectors', async (t) => {
  const socket = `${temp(t)}/s`;
  const args = ['--socket', socket, '--size', '2M', '--vectors', '3', '--max-peers', '7'];
  const { pid, stdout } = await started(t, args);
  t.match(stdout, /^ivshmem serves a region to at most 7 peers\.$/m);
  t.match(stdout, new RegExp(`^  socket   ${socket}$`, 'm'));
  t.match(stdout, new RegExp(`^  host     ${socket}\\.host \\(for host commands\\)$`, 'm'));
  t.match(stdout, new RegExp(`^  memory   2M at /proc/${pid}/fd/\\d+ \\(memfd, sealed\\)$`, 'm'));
  t.match(stdout, /^ {2}vectors {2}3$/m);
  t.notMatch(stdout, 'reconnect', 'QEMU spins on it');
});

t.test('the banner names the label, if there is one', async (t) => {
  const directory = temp(t);
  const named = await started(t, ['--socket', `${directory}/a`, '--label', 'blue lab ✓']);
  t.match(named.stdout, /^ {2}vectors {2}1\n {2}label {4}blue lab ✓\n\nQEMU options/m);
  const { stdout } = await started(t, ['--socket', `${directory}/b`]);
  t.notMatch(stdout, 'label');
});

t.test('the banner says what leads host commands to a socket that they do not find', async (t) => {
  const directory = temp(t);
  const host = `${directory}/commands`;
  const { stdout } = await started(t, ['--socket', `${directory}/s`, '--host-socket', host]);
  t.match(
    stdout,
    new RegExp(`^  host     ${host} \\(for host commands, as their --socket\\)$`, 'm'),
  );
});

for (const name of ['plain', 'a b', 'a,b', `a'b`, 'a"b', 'a$HOME`id`\\n', '*', '-x', 'ä\tb']) {
  t.test(
    `QEMU's options with the directory ${JSON.stringify(name)} pass a shell whole`,
    async (t) => {
      const directory = `${temp(t)}/${name}`;
      mkdirSync(directory);
      const [socket, memory] = [`${directory}/s`, `${directory}/memory`];
      const { stdout } = await started(t, ['--socket', socket, '--mem-path', memory]);
      const lines = stdout.split('\n');
      t.same(shellWords(lineAfter(lines, /doorbells:$/)), [
        '-chardev',
        `socket,path=${socket.replaceAll(',', ',,')},id=ivshmem`,
        '-device',
        'ivshmem-doorbell,chardev=ivshmem,vectors=1',
      ]);
      t.same(shellWords(lineAfter(lines, /memory only:$/)), [
        '-object',
        `memory-backend-file,id=ivshmem,size=4194304,share=on,mem-path=${memory.replaceAll(',', ',,')}`,
        '-device',
        'ivshmem-plain,memdev=ivshmem',
      ]);
    },
  );
}

async function started(t: Test, args: readonly string[]): Promise<Serve> {
  const serve = await Serve.start(t, args);
  await until('the whole banner', () => serve.stdout.includes('Ctrl-C'));
  return serve;
}

function lineAfter(lines: readonly string[], title: RegExp): string {
  return lines[lines.findIndex((line) => title.test(line)) + 1] ?? '';
}

/** The words that a shell makes of a line. */
function shellWords(line: string): string[] {
  const words = execFileSync('sh', ['-c', `printf '%s\\0' ${line}`], { encoding: 'utf8' });
  return words.split('\0').slice(0, -1);
}

// Who may connect, and who may open the memory: exactly those whom the modes and groups admit.
import { chmodSync, mkdirSync, rmSync, statSync, type Stats } from 'node:fs';
import t, { type Test } from 'tap';
import { asUser } from '../helper/as-user.js';
import { forEach, run } from '../helper/command.js';
import { need } from '../helper/need.js';
import { Serve } from '../helper/serve.js';
import { temp } from '../helper/temp.js';

const nobody = 65_534;
const group = 54_321;

for (const [title, args, admits] of [
  ['by default', [], { groupMember: false, other: false }],
  ['with 0660', ['--socket-mode', '0660'], { groupMember: false, other: false }],
  [
    'with 0660 and a group',
    ['--socket-mode', '0660', '--socket-group', String(group)],
    { groupMember: true, other: false },
  ],
  [
    'with 0600 and a group',
    ['--socket-mode', '0600', '--socket-group', String(group)],
    { groupMember: false, other: false },
  ],
  ['with 666', ['--socket-mode', '666'], { groupMember: true, other: true }],
] as const) {
  t.test(`${title} the socket is for whom its mode admits`, need('root'), async (t) => {
    const directory = temp(t);
    chmodSync(directory, 0o755);
    const socket = `${directory}/s`;
    await Serve.start(t, ['--socket', socket, ...args]);
    const connects = async (gid: number): Promise<boolean> => {
      const script = `require('net').connect(${JSON.stringify(socket)})
        .on('connect', () => process.exit()).on('error', ({ code }) => console.log(code))`;
      const argv = [...asUser(nobody, gid), process.execPath, '-e', script];
      const { code, stdout, stderr } = await run(t, argv);
      t.match({ code, stdout, stderr }, { code: 0, stdout: /^(EACCES\n)?$/, stderr: '' });
      return stdout === '';
    };
    const [groupMember, other] = await Promise.all([connects(group), connects(nobody)]);
    t.same({ groupMember, other }, admits);
  });
}

t.test('the socket of a group has it by name, too', need('root'), async (t) => {
  const socket = `${temp(t)}/s`;
  await Serve.start(t, ['--socket', socket, '--socket-group', 'daemon', '--socket-mode', '660']);
  t.match(statSync(socket), { mode: 0o140660, gid: 1 });
});

const shmName = `ivshmem-test-mode-${process.pid}`;

/** The memory of a server with these options, in each place where it has a mode and a group. */
async function memoriesOf(t: Test, args: readonly string[]): Promise<Stats[]> {
  const directory = temp(t);
  mkdirSync(`${directory}/unnamed`);
  t.teardown(() => rmSync(`/dev/shm/${shmName}`, { force: true }));
  const memories = [
    ['--shm-name', shmName],
    ['--mem-path', `${directory}/memory`],
    ['--mem-path', `${directory}/unnamed`],
  ];
  const found: Stats[] = [];
  await forEach(memories.entries(), async ([n, memory]) => {
    const serve = await Serve.start(t, ['--socket', `${directory}/s${n}`, ...memory, ...args]);
    found.push(statSync(String(serve.logged('listening')[0]?.['memory'])));
    await serve.end('SIGTERM');
  });
  return found;
}

for (const [args, mode] of [
  [[], 0o100600],
  [['--mem-mode', '0640'], 0o100640],
  [['--mem-mode', '666'], 0o100666],
] as const) {
  t.test(`the memory's mode with '${args.join(' ')}' is ${mode.toString(8)}`, async (t) => {
    t.same(
      (await memoriesOf(t, args)).map((stats) => stats.mode),
      [mode, mode, mode],
    );
  });
}

t.test('the memory is of the group that was asked for', need('root'), async (t) => {
  const found = await memoriesOf(t, ['--mem-group', String(group)]);
  t.same(
    found.map((stats) => stats.gid),
    [group, group, group],
  );
});

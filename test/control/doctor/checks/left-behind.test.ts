import { chmodSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { leftBehind } from '../../../../src/control/doctor/checks/left-behind.js';
import { ControlClient } from '../../../../src/control/client.js';
import { asUser } from '../../../helper/as-user.js';
import { asClosedRoot, foundByClosedRoot } from '../../../helper/closed-root.js';
import { ivshmem, run } from '../../../helper/command.js';
import type { ServerStatus } from '../../../../src/control/status.js';
import { configFile } from '../../../helper/config-file.js';
import { foundOf, ownSceneOf } from '../../../helper/doctor.js';
import { Lab } from '../../../helper/lab.js';
import { boundAt, joinedQemu, leftQemu } from '../../../helper/served-qemu.js';
import { need } from '../../../helper/need.js';
import { pretender } from '../../../helper/pretender.js';
import { Qemu } from '../../../helper/qemu.js';
import { Region } from '../../../helper/region.js';
import { Serve } from '../../../helper/serve.js';
import { temp } from '../../../helper/temp.js';
import { until } from '../../../helper/until.js';

/** A server that others may end, and a QEMU that has its memory. */
async function lab(
  t: Test,
  ...words: string[]
): Promise<{ serve: Serve; qemu: Qemu; args: string[] }> {
  const socket = `${temp(t)}/s`;
  const args = ['--socket', socket, ...words];
  const serve = await Serve.start(t, args);
  const qemu = await joinedQemu(t, serve, { socket });
  return { serve, qemu, args };
}

const LOST = [{ severity: 'error', message: /is no peer/, remedy: /^restart this VM/ }];
const DEAD = [
  {
    severity: 'error',
    message: /on memory that no server has any more/,
    remedy: /^have its region served again .*, then restart this VM/,
  },
];

t.test('a QEMU on the memory of a dead server is an error', need('qemu'), async (t) => {
  const { serve, qemu, args } = await lab(t);
  t.strictSame(await foundOf(qemu, leftBehind), [], 'while it lives all is well');
  await serve.end('SIGKILL');
  t.match(await foundOf(qemu, leftBehind), DEAD);
  await Serve.start(t, args);
  t.match(
    await foundOf(qemu, leftBehind),
    [{ ...DEAD[0], remedy: /^restart this VM/ }],
    'the next server has a memory of its own',
  );
});

t.test('so is one whose server was asked to end', need('qemu'), async (t) => {
  const { serve, qemu } = await lab(t);
  await serve.end('SIGTERM');
  t.match(await foundOf(qemu, leftBehind), DEAD);
});

t.test('so is one whose region was removed from a server that runs', need('qemu'), async (t) => {
  const directory = temp(t);
  const regions = ['a', 'b'].map((name) => `  ${name}: { socket: ${directory}/${name} }\n`);
  const file = configFile(t, `regions:\n${regions.join('')}`);
  const control = `${directory}/control`;
  const serve = await Serve.start(t, ['--config', file, '--control', control]);
  const qemu = await joinedQemu(t, serve, { socket: `${directory}/b` });
  const client = new ControlClient(control);
  const askStatus = (): Promise<ServerStatus> => client.status();
  t.strictSame(await foundOf(qemu, leftBehind, { askStatus }), []);
  writeFileSync(file, `regions:\n${regions[0]}`);
  await client.reload();
  const [complaint, ...more] = await foundOf(qemu, leftBehind, { askStatus });
  t.match(complaint, { ...DEAD[0], message: /died or has removed its region/ });
  t.notMatch(complaint?.remedy, /^start the server/);
  t.strictSame(more, []);
});

t.test('so is one on memory that has a name, until a server adopts it', need('qemu'), async (t) => {
  const file = `${temp(t)}/memory`;
  const { serve, qemu, args } = await lab(t, '--mem-path', file);
  t.strictSame(await foundOf(qemu, leftBehind), []);
  await serve.end('SIGKILL');
  t.match(await foundOf(qemu, leftBehind), DEAD);
  await Serve.start(t, args);
  t.strictSame(await foundOf(qemu, leftBehind), [], 'without its status nothing more is known');
  rmSync(file);
});

t.test('so does one that has it by another path', need('qemu', 'root'), async (t) => {
  const [directory, other] = [temp(t), temp(t)];
  const socket = `${directory}/s`;
  const words = ['--mem-path', `${other}/memory`];
  const qemu = await leftQemu(t, socket, words, boundAt(directory, other));
  t.match(await foundOf(qemu, leftBehind), DEAD);
  await Serve.start(t, ['--socket', socket, '--mem-path', `${directory}/memory`]);
  t.strictSame(await foundOf(qemu, leftBehind), []);
});

t.test(
  'nobody makes a dead server live who says that he serves its memory',
  need('qemu', 'root'),
  async (t) => {
    const { serve, qemu } = await lab(t);
    const [memory] = (await ownSceneOf({}, qemu.pid)).qemus.flatMap(({ memories }) => memories);
    const [device = '', inode = ''] = memory?.key.split(':') ?? [];
    const sockets = [await pretender(t, { device, inode })];
    t.match((await ownSceneOf({ sockets })).regions, [{ memory: memory?.key }]);
    await serve.end('SIGKILL');
    t.match(await foundOf(qemu, leftBehind, { sockets }), DEAD);
  },
);

/** What an ordinary user finds of a QEMU. */
async function foundByNobody(t: Test, { pid }: Qemu): Promise<object[]> {
  const doctor = [...ivshmem, 'doctor', '--json', '--socket', '/nowhere/s'];
  const { stdout } = await run(t, [...asUser(65_534), ...doctor]);
  const all = JSON.parse(stdout) as { check: string; subject: string }[];
  return all.filter(({ check, subject }) => check === 'left-behind' && subject === `QEMU ${pid}`);
}

t.test(
  "root's server is believed of its memory by who cannot see what it has",
  need('qemu', 'root'),
  async (t) => {
    const directory = temp(t);
    chmodSync(directory, 0o755);
    const words = ['--socket', `${directory}/s`, '--socket-mode', '0666'];
    const serve = await Serve.start(t, words);
    const qemu = await joinedQemu(t, serve, { socket: `${directory}/s`, as: asUser(65_534) });
    t.strictSame(await foundByNobody(t, qemu), []);
    rmSync(`${directory}/s.host`);
    t.match(await foundByNobody(t, qemu), [{ severity: 'note', message: /is not seen from here/ }]);
  },
);

t.test(
  'a root that may not look at the server does not call its memory dead',
  need('qemu', 'root'),
  async (t) => {
    const lab = await Lab.start(t);
    const { socket, control } = lab;
    const qemu = new Qemu(t, { socket, as: asClosedRoot });
    await lab.settled(1);
    const look = async (...words: string[]): Promise<object[]> => {
      const all = await foundByClosedRoot(t, 'left-behind', words);
      return all.filter(({ subject }) => subject === `QEMU ${qemu.pid}`);
    };
    const unseen = [{ severity: 'note', message: /not be looked at$/, remedy: /CAP_SYS_PTRACE/ }];
    t.strictSame(await look('--socket', socket), [], 'what it says of its memory is believed');
    t.match(await look('--socket', socket, '--control', control), unseen);
    rmSync(`${socket}.host`);
    t.match(await look('--socket', socket), unseen);
  },
);

t.test(
  'of a QEMU in a container no ordinary user is told that its server is dead',
  need('qemu', 'root'),
  async (t) => {
    const outer = temp(t);
    chmodSync(outer, 0o755);
    const directory = `${outer}/run`;
    mkdirSync(directory);
    const args = ['--socket', `${directory}/s`];
    // What is left at the same path outside has nothing to do with it.
    await (await Serve.start(t, args)).end('SIGKILL');
    const within = [
      'unshare',
      '--mount',
      '--net',
      'sh',
      '-ec',
      `mount -t tmpfs t ${directory}; exec "$@"`,
    ];
    const serve = await Serve.start(t, args, { within: [...within, 'sh'] });
    const as = ['nsenter', '--target', `${serve.pid}`, '--mount'];
    const qemu = await joinedQemu(t, serve, { socket: `${directory}/s`, as });
    t.match(await foundByNobody(t, qemu), [
      { severity: 'note', message: /file systems of its own/, remedy: 'run this as root' },
    ]);
  },
);

t.test('a QEMU that has just its own shared memory is left alone', need('qemu'), async (t) => {
  const directory = temp(t);
  const region = await Region.listen(t, {});
  const own = `memory-backend-file,id=m,size=16M,share=on,mem-path=${directory}/ram`;
  const qemu = new Qemu(t, { socket: region.socket, extra: ['-object', own] });
  const plain = new Qemu(t, {
    extra: [
      ...['-object', own.replace('/ram', '/plain')],
      ...['-device', 'ivshmem-plain,memdev=m'],
    ],
  });
  await region.joined(1);
  for (const one of [qemu, plain]) {
    await until('it answers', () => one.lives());
    t.strictSame(await foundOf(one, leftBehind), []);
  }
});

t.test('one that is on living memory and no peer is an error', need('qemu'), async (t) => {
  const file = `${temp(t)}/memory`;
  const lab = await Lab.start(t, ['--mem-path', file]);
  const { socket, status: askStatus } = lab;
  const qemu = new Qemu(t, { socket });
  await lab.settled(1);
  t.strictSame(await foundOf(qemu, leftBehind, { askStatus }), []);
  await lab.serve.end('SIGKILL');
  await Serve.start(t, lab.args);
  t.match(await foundOf(qemu, leftBehind, { askStatus }), LOST);
});

t.test('so is one that was evicted', need('qemu'), async (t) => {
  const lab = await Lab.start(t);
  const qemu = new Qemu(t, { socket: lab.socket });
  await lab.settled(1);
  await new ControlClient(lab.control).evict('s', 0);
  await lab.settled(0);
  t.match(await foundOf(qemu, leftBehind, { askStatus: lab.status }), LOST);
});

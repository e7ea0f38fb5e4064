// `ivshmem config check` as a program.
import { readdirSync, writeFileSync } from 'node:fs';
import t from 'tap';
import { forEach, ivshmem, run } from '../../helper/command.js';
import { temp } from '../../helper/temp.js';

const check = [...ivshmem, 'config', 'check'];
const text = `regions:
  lab:
    socket: lab.sock
    size: 64M
    vms: {web: {id: 5, user: 0}}
  named: {socket: named.sock, shm-name: test-config-check}
`;

t.test('the regions of a file are a table, or JSON, and nothing is made', async (t) => {
  const directory = temp(t);
  writeFileSync(`${directory}/c.yaml`, text);
  const table = await run(t, [...check, `${directory}/c.yaml`]);
  t.match(table, { code: 0, stderr: '' });
  t.match(
    table.stdout.replaceAll(directory, ''),
    /^REGION.*\nlab +\/lab\.sock +64M memfd +1 +web\n/,
  );
  const json = await run(t, [...check, `${directory}/c.yaml`, '--json']);
  t.match(json, { code: 0, stderr: '', stdout: /^\{.*\}\n$/ });
  t.match(JSON.parse(json.stdout), {
    path: `${directory}/c.yaml`,
    regions: [
      {
        name: 'lab',
        socket: `${directory}/lab.sock`,
        hostSocket: `${directory}/lab.sock.host`,
        socketMode: 0o600,
        size: 67_108_864,
        vectors: 1,
        vms: [{ name: 'web', id: 5, user: 0 }],
      },
      { name: 'named', shmName: 'test-config-check' },
    ],
  });
  t.same(readdirSync(directory), ['c.yaml']);
  t.notOk(readdirSync('/dev/shm').includes('test-config-check'));
});

t.test('all that is wrong is a line each, exit code 2', async (t) => {
  const path = `${temp(t)}/c.yaml`;
  writeFileSync(path, 'regions:\n  lab: {sokcet: /s, vectors: 0}\n');
  t.match(await run(t, [...check, path]), {
    code: 2,
    stdout: '',
    stderr:
      `${path}:2:3: regions.lab.socket: this key is missing\n` +
      `${path}:2:9: regions.lab.sokcet: unknown key; did you mean socket?\n` +
      `${path}:2:30: regions.lab.vectors: 0 is not in 1–2048\n`,
  });
});

t.test('a file that cannot be read has exit code 1 and a line', async (t) => {
  const directory = temp(t);
  t.match(await run(t, [...check, `${directory}/missing`]), {
    code: 1,
    stderr: `ivshmem config check: ENOENT: no such file or directory, open '${directory}/missing'\n`,
  });
  t.match(await run(t, [...check, directory]), {
    code: 1,
    stderr: `ivshmem config check: ${directory} is no regular file\n`,
  });
});

t.test('a wrong call is named with where help is', async (t) => {
  const calls: readonly (readonly [words: string, command: string, complaint: string])[] = [
    ['config', 'config', 'a command is missing'],
    ['config chek', 'config', 'unknown argument: chek; did you mean check?'],
    ['config check', 'config check', 'FILE is missing'],
    ['config check a b', 'config check', 'unknown argument: b'],
    ['config check a --jsn', 'config check', 'unknown argument: jsn; did you mean --json?'],
    ['conifg check a', '', 'unknown arguments: conifg, check, a; did you mean config?'],
  ];
  await forEach(calls, async ([words, command, complaint]) => {
    const name = `ivshmem ${command}`.trim();
    t.match(await run(t, [...ivshmem, ...words.split(' ')]), {
      code: 2,
      stdout: '',
      stderr: `${name}: ${complaint}\nSee: ${name} --help\n`,
    });
  });
});

t.test('help has examples', async (t) => {
  const { code, stdout } = await run(t, [...check, '--help']);
  t.equal(code, 0);
  t.match(stdout, /FILE.*--json.*Examples:.*ivshmem config check \/etc\/ivshmem\.yaml/s);
});

// What a command loads: Node lists it, where coverage is asked for.
import { readdirSync, readFileSync } from 'node:fs';
import t, { type Test } from 'tap';
import { ivshmem, run } from '../helper/command.js';
import { need } from '../helper/need.js';
import { temp } from '../helper/temp.js';

async function loaded(t: Test, ...words: string[]): Promise<string[]> {
  const directory = temp(t);
  const env = { ...process.env, NODE_V8_COVERAGE: `${directory}/loaded` };
  const socket = ['--socket', `${directory}/missing/s`];
  await run(t, [...ivshmem, ...words, ...socket], { env });
  const [file = ''] = readdirSync(`${directory}/loaded`);
  const text = readFileSync(`${directory}/loaded/${file}`, 'utf8');
  const { result } = JSON.parse(text) as { result: { url: string }[] };
  const modules = result.map(({ url }) => /dist\/(src\/.*)\.js$/.exec(url)?.[1] ?? url);
  t.ok(modules.includes('src/cli/ivshmem'));
  return modules;
}

t.test('a server does not load the peer library', async (t) => {
  const modules = await loaded(t, 'serve');
  t.ok(modules.includes('src/server/server'));
  t.notOk(modules.includes('src/peer/peer'));
  t.notOk(modules.some((module) => module.startsWith('src/cli/peer')));
});

t.test('a server without a configuration does not load what reads one', async (t) => {
  const modules = await loaded(t, 'serve');
  const ofFile = /^src\/cli\/config\/(?!config-error$)|node_modules\/(yaml|ajv)\//;
  t.strictSame(
    modules.filter((module) => ofFile.test(module)),
    [],
  );
});

t.test(
  'a server loads what tells of it only for who wants to hear',
  need('unix-dgram'),
  async (t) => {
    const tells = (module: string): boolean => module.includes('/unix-dgram/');
    t.notOk((await loaded(t, 'serve')).some(tells));
    process.env['NOTIFY_SOCKET'] = '/nowhere/notify';
    t.teardown(() => delete process.env['NOTIFY_SOCKET']);
    t.ok((await loaded(t, 'serve')).some(tells));
  },
);

t.test('a command of a peer does not load the server, nor what logs', async (t) => {
  const modules = await loaded(t, 'peer', 'ring', '0', '0');
  t.ok(modules.includes('src/peer/peer'));
  t.notOk(modules.includes('src/server/server'));
  t.notOk(modules.some((module) => module.includes('/pino/')));
});

t.test('who asks what a VM needs does not load the server, nor what logs', async (t) => {
  const modules = await loaded(t, 'qemu-args');
  t.ok(modules.includes('src/peer/ask'));
  t.notOk(modules.includes('src/server/server'));
  t.notOk(modules.some((module) => module.includes('/pino/')));
});

t.test('who looks for faults does not load the server, nor what logs', async (t) => {
  const modules = await loaded(t, 'doctor');
  t.ok(modules.includes('src/control/doctor/examine'));
  t.notOk(modules.includes('src/server/server'));
  t.notOk(modules.some((module) => module.includes('/pino/')));
});

// The front of the control socket: it dies, and is there again.
import { fileURLToPath } from 'node:url';
import t from 'tap';
import { ControlClient } from '../../src/control/client.js';
import { ControlSocket } from '../../src/control/control-socket.js';
import type { Answer } from '../../src/control/inquiries.js';
import type { RegionPart } from '../../src/control/question.js';
import { run } from '../helper/command.js';
import { temp, type Scope } from '../helper/temp.js';
import { until } from '../helper/until.js';

const never = new Promise(() => undefined);
const look = {
  server: { pid: 1, startedAt: new Date().toISOString(), descriptors: { used: 1, limit: 2 } },
  regions: [],
  process: { residentBytes: 0, logLinesDropped: 0, lagSeconds: { mean: 0, max: 0 } },
};

/** Opens a control socket whose questions are answered so, and serves at it until the test ends. */
async function served(
  t: Scope,
  answer: Answer,
): Promise<{ client: ControlClient; troubles: readonly Error[] }> {
  const troubles: Error[] = [];
  const path = `${temp(t)}/c`;
  const socket = await ControlSocket.open({
    place: { path },
    onTrouble: (error) => troubles.push(error),
  });
  t.teardown(() => socket.close());
  await socket.load();
  socket.serve(answer);
  return { client: new ControlClient(path), troubles };
}

t.test('a front that dies is told of, and started again', async (t) => {
  let deaths = 0;
  const { client, troubles } = await served(t, ({ kind }, { tell }) => {
    if (kind === 'events') return never;
    // What it cannot make anything of ends it.
    if (deaths < 2) tell(null as unknown as RegionPart);
    deaths += 1;
    return Promise.resolve(look);
  });
  for (let death = 1; death <= 2; death += 1) {
    await t.rejects(client.status(), { code: 'ECONNRESET' });
    await until('it is told', () => troubles.length === death);
  }
  t.match(await client.status(), { pid: 1, regions: [] });
  t.match(troubles[0]?.message, /^exit code 1: TypeError: /);
});

t.test('a front without memory says so', async (t) => {
  const { client, troubles } = await served(t, ({ kind }, { tell }) => {
    if (kind === 'events') return never;
    for (let n = 0; n < 400; n += 1)
      tell({ region: 0, peers: ['x'.repeat(1e6)] } as unknown as RegionPart);
    return Promise.resolve(look);
  });
  await t.rejects(client.status(), { code: 'ECONNRESET' });
  await until('it is told', () => troubles.length === 1);
  t.match(troubles[0]?.message, /^SIG(ABRT|TRAP|ILL): FATAL ERROR: .*heap out of memory$/);
});

t.test('a server that does not answer is 503 after a while', async (t) => {
  const { client } = await served(t, () => never);
  await t.rejects(client.status(), { code: 'ERR_IVSHMEM_NO_ANSWER' });
});

t.test('a failure that nobody expects is 500, with its message', async (t) => {
  const { client } = await served(t, ({ kind }) =>
    kind === 'events' ? never : Promise.reject(new Error('a bug')),
  );
  await t.rejects(client.status(), { code: 'ERR_IVSHMEM_INTERNAL', message: 'a bug' });
});

t.test('the front alone says that it is no program', async (t) => {
  const front = fileURLToPath(new URL('../../src/control/front/main.js', import.meta.url));
  t.match(await run(t, [process.execPath, front]), {
    code: 1,
    stderr: /this is a part of a server, and no program/,
  });
});

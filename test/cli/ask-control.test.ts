// Who answers on a control socket may be anybody: what of it reaches a terminal, and what is not believed.
import { createServer } from 'node:http';
import t from 'tap';
import { forEach, ivshmem, run } from '../helper/command.js';
import { madeUpPeer, madeUpRegion, madeUpStatus } from '../helper/made-up-status.js';
import { Serve } from '../helper/serve.js';
import { temp, type Scope } from '../helper/temp.js';

const STEER = '\u001b]0;owned\u0007\u009b2J\n';
const SHOWN = String.raw`\u{1b}]0;owned\u{7}\u{9b}2J\u{a}`;
const time = '2026-11-25T10:00:00.000Z';

const odd = (text: string): string => `${text}${STEER}`;
const oddStatus = madeUpStatus({
  version: odd('version'),
  regions: [
    madeUpRegion({
      name: odd('region'),
      socket: odd('/socket'),
      hostSocket: odd('/host'),
      label: odd('label'),
      memory: { kind: odd('kind'), path: odd('/memory'), sizeBytes: 4096 },
      peers: [madeUpPeer({ process: odd('process'), user: odd('user'), vm: odd('vm') })],
      vms: [{ name: odd('away'), isPresent: false }],
    }),
  ],
});
const oddEvent = { time, event: odd('event'), level: odd('level'), msg: odd('msg') };
const oddReport = { summary: odd('summary'), problems: [odd('problem')] };
const refusal = { code: odd('ERR_IVSHMEM_'), message: odd('no') };

/** Answers each path with this and anything else with a refusal, as if it were an ivshmem; returns where. */
function answering(
  t: Scope,
  answers: Readonly<Record<string, unknown>>,
  textOf = JSON.stringify,
): string {
  const control = `${temp(t)}/c`;
  const server = createServer(({ url = '' }, response) => {
    response.statusCode = url in answers ? 200 : 500;
    response.setHeader('Server', 'ivshmem/9').end(`${textOf(answers[url] ?? refusal)}\n`);
  }).listen(control);
  t.teardown(() => server.close());
  return control;
}

const answers = { '/v1/status': oddStatus, '/v1/events': oddEvent, '/v1/reload': oddReport };
const isSteered = (text: string): boolean => /[\p{Cc}\p{Cf}]/u.test(text.replaceAll('\n', ''));

t.test('no text of an answer steers a terminal, or begins a line of its own', async (t) => {
  const control = answering(t, answers);
  const cases: readonly (readonly [words: string[], lines: number, shown: string[]])[] = [
    [
      ['status'],
      7,
      ['version', 'region', 'label', '/socket', '/host', 'kind', 'process', 'user', 'vm', 'away'],
    ],
    [['status', 'nope'], 1, ["ivshmem status: \"there is no region 'nope'; there are: region"]],
    [['events'], 1, ['level', 'msg']],
    [['events', '--region', 'nope'], 1, ['ivshmem events: "no']],
    [['reload'], 2, ['summary', 'ivshmem reload: "problem']],
    [['evict', 'lab', '1'], 1, ['ivshmem evict: "no']],
  ];
  await forEach(cases, async ([words, lines, shown]) => {
    const { stdout, stderr } = await run(t, [...ivshmem, ...words, '--control', control]);
    const text = `${stdout}${stderr}`;
    t.notOk(isSteered(text), words.join(' '));
    t.equal(text.split('\n').length - 1, lines, text);
    for (const each of shown) t.match(text, `${each}${SHOWN}"`, words.join(' '));
  });
});

t.test('nor does the error of a live screen', async (t) => {
  const control = answering(t, answers);
  const command = [...ivshmem, 'top', '--region', 'nope', '--control', control].join(' ');
  const words = ['script', '--quiet', '--return', '--command', `exec ${command}`, '/dev/null'];
  const { code, stdout } = await run(t, words, { env: { ...process.env, TERM: 'xterm' } });
  t.equal(code, 1);
  t.match(stdout, `there are: region${SHOWN}"`);
  t.notOk(isSteered(stdout.replaceAll('\r', '')));
});

t.test('programs get it as it is', async (t) => {
  const control = answering(t, answers);
  const json = async (...words: string[]): Promise<unknown> =>
    JSON.parse((await run(t, [...ivshmem, ...words, '--json', '--control', control])).stdout);
  t.same(await json('status'), oddStatus);
  t.same(await json('events'), oddEvent);
});

t.test('what is sent is what was named, be it for printing or not', async (t) => {
  const region = odd('lab');
  const path = `/v1/regions/${encodeURIComponent(region)}/peers/1`;
  const control = answering(t, { [path]: { evicted: { id: 1, pid: 2, uid: 3 } } });
  t.match(await run(t, [...ivshmem, 'evict', region, '1', '--json', '--control', control]), {
    code: 0,
    stdout: '{"id":1,"pid":2,"uid":3}\n',
  });
});

t.test('a server of ours whose socket was named to steer does not, either', async (t) => {
  const directory = temp(t);
  const control = `${directory}/c`;
  await Serve.start(t, ['--control', control, '--socket', `${directory}/${odd('s')}.sock`]);
  for (const words of [['status'], ['events']]) {
    const { code, stdout } = await run(t, [...ivshmem, ...words, '--control', control]);
    t.equal(code, 0);
    t.notOk(isSteered(stdout), words.join(' '));
    t.match(stdout, SHOWN);
  }
});

t.test('a time that is none is no answer of a server', async (t) => {
  const wrong = {
    '/v1/status': { ...madeUpStatus({}), startedAt: 'soon' },
    '/v1/events': { ...oddEvent, time: '' },
  };
  const control = answering(t, wrong);
  for (const words of [['status'], ['status', '--json'], ['events']])
    t.match(await run(t, [...ivshmem, ...words, '--control', control]), {
      code: 1,
      stdout: '',
      stderr: /is no control socket of ivshmem/,
    });
});

t.test('what is nested deeper than any answer is not believed', async (t) => {
  for (const depth of [20, 200_000]) {
    const more = `"more":${'['.repeat(depth)}${']'.repeat(depth)}`;
    const control = answering(
      t,
      answers,
      (answer) => `{${more},${JSON.stringify(answer).slice(1)}`,
    );
    const words = [['status'], ['status', '--json'], ['events'], ['events', '--json'], ['reload']];
    await forEach(words, async (one) => {
      t.match(await run(t, [...ivshmem, ...one, '--control', control]), {
        code: 1,
        stdout: '',
        stderr: /^[^\n]* is no control socket of ivshmem; [^\n]*\n$/,
      });
    });
  }
});

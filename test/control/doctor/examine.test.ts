// Rule 1: strangers are real processes, which call themselves what they like.
import t from 'tap';
import { examine } from '../../../src/control/doctor/examine.js';
import type { Finding } from '../../../src/control/doctor/finding.js';
import { Child } from '../../helper/child.js';
import { ownSceneOf, sceneOf } from '../../helper/doctor.js';
import { impostor } from '../../helper/impostor.js';
import { longCommandLine } from '../../helper/long-command-line.js';
import { need } from '../../helper/need.js';
import { Region } from '../../helper/region.js';
import { temp } from '../../helper/temp.js';
import { until } from '../../helper/until.js';
import { checks } from '../../../src/control/doctor/checks.js';
import { isPrintable } from '../../../src/protocol/printable.js';

const spins = (socket: string): string[] => [
  ...['-chardev', `socket,path=${socket},id=c,reconnect=1`],
  ...['-device', 'ivshmem-doorbell,chardev=c'],
];

function of(findings: readonly Finding[], { pid }: Child): Finding[] {
  return findings.filter(({ subject }) => subject.startsWith(`QEMU ${pid}`));
}

t.test('every check is heard, and each fault has one line of what to do', async (t) => {
  const stranger = await impostor(t, { args: spins('/nowhere/s') });
  const findings = await examine(await sceneOf());
  t.strictSame(
    new Set(findings.map(({ check }) => check)),
    new Set(checks.map(({ name }) => name)),
  );
  t.match(of(findings, stranger), [{ check: 'reconnect', severity: 'error' }]);
  for (const { severity, remedy = '' } of findings)
    if (severity !== 'ok') t.match(remedy, /^[^\n]+$/);
});

t.test('no command line of a stranger ends the doctor', async (t) => {
  const deep = `${'['.repeat(20_000)}${']'.repeat(20_000)}`;
  for (const device of [
    '{"driver":"ivshmem-doorbell","vectors":{"toString":5}}',
    `{"driver":"ivshmem-doorbell","b":${deep}}`,
  ])
    await impostor(t, { args: ['-device', device] });
  const findings = await examine(await sceneOf());
  t.equal(new Set(findings.map(({ check }) => check)).size, checks.length);
});

t.test('what a stranger calls itself can be printed, and has an end', async (t) => {
  const name = `\u001b[2J\u202e${'x'.repeat(10_000)}\n`;
  const socket = `${temp(t)}/\u001b[31m${'y'.repeat(5_000)}`;
  const stranger = await impostor(t, { args: ['-name', name, ...spins(socket)] });
  const findings = await examine(await sceneOf());
  const its = of(findings, stranger);
  t.ok(its.length > 0);
  for (const { subject, message, remedy = '' } of findings) {
    t.ok(isPrintable(subject + message + remedy));
    t.ok(subject.length + message.length + remedy.length < 2_000);
  }
});

t.test('a thousand devices of one stranger are a hundred lines at most', async (t) => {
  const device = ['-device', 'ivshmem-doorbell,chardev=c,vectors=9'];
  const many = Array.from({ length: 1_000 }, (_, index) => [
    ...['-chardev', `socket,path=/nowhere/${index},id=c${index},reconnect=1`],
    ...['-device', `ivshmem-doorbell,chardev=c${index}`],
  ]).flat();
  await impostor(t, { args: [...many, ...device] });
  const findings = await examine(await sceneOf());
  for (const { name } of checks)
    t.ok(findings.filter(({ check }) => check === name).length <= 101, name);
});

t.test('a command line of 400 MiB ends no doctor', need('cc'), async (t) => {
  const region = await Region.listen(t, {});
  const child = new Child(t, longCommandLine(t, region.socket, 400));
  let said = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  await until(`it has it, and is told something ${child.stderr}`, () => said !== '');
  const findings = await examine(await sceneOf());
  t.strictSame(new Set(findings.map(({ check }) => check)).size, checks.length);
});

t.test('nothing to look at is not fine, and what was looked at is counted', async (t) => {
  const scene = await ownSceneOf({});
  const findings = await examine(scene);
  const of = (name: string): Finding[] => findings.filter(({ check }) => check === name);
  for (const name of ['permissions', 'reconnect', 'vectors', 'left-behind'])
    t.match(of(name), [{ severity: 'note', message: /^no .* is there to be looked at$/ }], name);
  const stranger = await impostor(t, { args: ['-device', 'ivshmem-plain,memdev=m'] });
  const one = await examine(await ownSceneOf({}, stranger.pid));
  t.match(
    one.filter(({ check }) => check === 'reconnect'),
    [{ severity: 'ok', message: /\(1 QEMU\)$/ }],
  );
});

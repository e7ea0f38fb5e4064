// VMs of a region that would be in each other's slot.
import t from 'tap';
import { findingsOf } from '../../helper/config-file.js';

const known = 'what this VM is known by is already that of a (line 4); allowed: one VM each';

/** VM a in line 4, VM b in line 5, and what is said of b behind its name. */
const pairs: readonly (readonly [a: string, b: string, ...findings: string[]])[] = [
  [
    'id: 5, user: 1',
    'id: 5, user: 2',
    '.id: 5 is already the ID of a (line 4); allowed: one VM each',
  ],
  [
    'id: 5, user: 1',
    'id: 0x5, user: 1',
    `: ${known}`,
    '.id: 5 is already the ID of a (line 4); allowed: one VM each',
  ],
  ['user: root', 'user: 0', `: ${known}`],
  ['user: 1', 'user: "1"', `: ${known}`],
  ['qemu-name: x', 'qemu-name: x', `: ${known}`],
  ['unit: x.service, user: 1', 'user: 1, unit: x.service', `: ${known}`],
  ['user: 1', 'user: 1, qemu-name: x'],
  ['user: 1, socket: /a', 'user: 1, socket: /b'],
  ['user: 1', 'user: 1, socket: /b'],
  ['qemu-name: x.service', 'unit: x.service'],
  ['id: 0, user: 1', 'id: 65535, user: 2'],
];

t.test('two VMs for one slot are said with who has it', async (t) => {
  for (const [a, b, ...findings] of pairs) {
    const said = await findingsOf(
      t,
      `regions:\n  r:\n    {socket: /s, vms: {\n      a: {${a}},\n      b: {${b}}}}\n`,
    );
    t.strictSame(
      said.map((line) => line.replace(/^5:\d+: regions\.r\.vms\.b/, '')),
      findings,
      b,
    );
  }
});

t.test('regions do not share slots', async (t) => {
  const vms = 'vms: {a: {id: 5, user: 1}}';
  t.strictSame(
    await findingsOf(t, `regions: {a: {socket: /a, ${vms}}, b: {socket: /b, ${vms}}}`),
    [],
  );
});

import t from 'tap';
import { reportOf } from '../../src/cli/doctor-report.js';

const fine = { check: 'kvm', severity: 'ok', subject: 'kvm', message: 'all is well' } as const;
const fault = {
  check: 'room',
  severity: 'error',
  subject: '/run',
  message: 'it is full',
  remedy: 'empty it',
} as const;

t.test('a fault is a line and its remedy, and goes before what is fine', async (t) => {
  t.equal(
    reportOf([fine, fault, { ...fault, severity: 'warning' }], { isColoured: false }),
    `error    room: /run: it is full
         -> empty it
warning  room: /run: it is full
         -> empty it
ok       kvm: all is well
1 error, 1 warning, 1 check fine
`,
  );
});

t.test('severities have colours where these are wanted', async (t) => {
  const text = reportOf([fine, fault], { isColoured: true });
  t.match(text, '\u001b[31merror  \u001b[39m  room');
  t.match(text, '\u001b[32mok     \u001b[39m  kvm');
});

// sd_watchdog_enabled(3), in milliseconds and halved.
import t from 'tap';
import { takeWatchdogInterval } from '../../src/control/watchdog-interval.js';

const own = String(process.pid);
const intervals: Readonly<
  Record<string, readonly [env: NodeJS.ProcessEnv, ms: number | undefined]>
> = {
  'half the period': [{ WATCHDOG_USEC: '30000000', WATCHDOG_PID: own }, 15_000],
  'half the period, for whatever process': [{ WATCHDOG_USEC: '1000000' }, 500],
  'one millisecond at least': [{ WATCHDOG_USEC: '1' }, 1],
  'what a timer can at most': [{ WATCHDOG_USEC: '18446744073709551615' }, 2 ** 31 - 1],
  'none where nobody watches': [{}, undefined],
  'none where nobody watches, whoever is named': [{ WATCHDOG_PID: own }, undefined],
  "none where another process's is watched": [
    { WATCHDOG_USEC: '1000', WATCHDOG_PID: '1' },
    undefined,
  ],
};

for (const [what, [env, ms]] of Object.entries(intervals)) {
  t.test(`the interval is ${what}`, async (t) => {
    t.equal(takeWatchdogInterval(env), ms);
    t.same(env, {}, 'and no program that we start believes it');
  });
}

for (const [variable, text] of [
  ['WATCHDOG_USEC', ''],
  ['WATCHDOG_USEC', '0'],
  ['WATCHDOG_USEC', '-1'],
  ['WATCHDOG_USEC', '30s'],
  ['WATCHDOG_PID', ''],
  ['WATCHDOG_PID', '0'],
] as const) {
  t.test(`${variable} as '${text}' is an error that names it`, async (t) => {
    const env = { WATCHDOG_USEC: '1000', [variable]: text };
    const message = `${variable}: '${text}' is not`;
    t.throws(() => takeWatchdogInterval(env), { name: 'EnvironmentError', message });
    t.same(env, {});
  });
}

// What the environment says of descriptors, and when it is believed.
import t from 'tap';
import { takePassed } from '../../src/control/passed-descriptors.js';

const own = String(process.pid);

t.test('descriptors have the names that were given to them, from 3 on', async (t) => {
  const env = { LISTEN_PID: own, LISTEN_FDS: '3', LISTEN_FDNAMES: 'a::b' };
  t.same(takePassed(env), [
    { rawFd: 3, name: 'a' },
    { rawFd: 4, name: '' },
    { rawFd: 5, name: 'b' },
  ]);
});

t.test('without names they are called unknown', async (t) => {
  t.same(takePassed({ LISTEN_PID: own, LISTEN_FDS: '1' }), [{ rawFd: 3, name: 'unknown' }]);
});

const nothing: Readonly<Record<string, NodeJS.ProcessEnv>> = {
  'nothing is said': {},
  'they are for another process': { LISTEN_PID: '1', LISTEN_FDS: 'garbage', LISTEN_FDNAMES: ':' },
  'nobody is named': { LISTEN_FDS: '2' },
  'no number is said': { LISTEN_PID: own, LISTEN_FDNAMES: 'a' },
  'there are none': { LISTEN_PID: own, LISTEN_FDS: '0', LISTEN_FDNAMES: '' },
};

for (const [what, env] of Object.entries(nothing)) {
  t.test(`nothing was passed where ${what}`, async (t) => {
    t.same(takePassed(env), []);
    t.same(env, {}, 'and no program that we start believes it');
  });
}

const wrong: Readonly<Record<string, readonly [env: NodeJS.ProcessEnv, says: string]>> = {
  'a process that is no number': [
    { LISTEN_PID: 'me', LISTEN_FDS: '1' },
    "LISTEN_PID: 'me' is not a process ID",
  ],
  'a number of descriptors that is none': [
    { LISTEN_PID: own, LISTEN_FDS: 'two' },
    "LISTEN_FDS: 'two' is not 0–1024",
  ],
  'a negative number': [{ LISTEN_PID: own, LISTEN_FDS: '-1' }, "LISTEN_FDS: '-1' is not 0–1024"],
  'an empty number': [{ LISTEN_PID: own, LISTEN_FDS: '' }, "LISTEN_FDS: '' is not 0–1024"],
  'more than anybody passes': [
    { LISTEN_PID: own, LISTEN_FDS: '1025' },
    "LISTEN_FDS: '1025' is not 0–1024",
  ],
  'fewer names than descriptors': [
    { LISTEN_PID: own, LISTEN_FDS: '2', LISTEN_FDNAMES: 'a' },
    'LISTEN_FDNAMES: 1 names for 2 descriptors',
  ],
  'more names than descriptors': [
    { LISTEN_PID: own, LISTEN_FDS: '1', LISTEN_FDNAMES: 'a:b' },
    'LISTEN_FDNAMES: 2 names for 1 descriptors',
  ],
};

for (const [what, [env, says]] of Object.entries(wrong)) {
  t.test(`${what} is an error that names the variable`, async (t) => {
    t.throws(() => takePassed(env), { name: 'EnvironmentError', message: says });
    t.same(env, {});
  });
}

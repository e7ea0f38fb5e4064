// Every check of the conformance kit can fail: servers with one defect each, and what the kit says of them.
import t from 'tap';
import { fileURLToPath } from 'node:url';
import { checks } from '../../conformance/catalogue.js';
import { judge, type Verdict } from '../../conformance/judge.js';
import { forEach } from '../helper/command.js';
import { leftovers } from './leftovers.js';

const argv = [process.execPath, fileURLToPath(new URL('careless-server.js', import.meta.url))];
const WAIT_MS = 15_000;
/** Of what is known never to come. */
const SHORT_WAIT_MS = 3_000;

/** By check: defects, and what is said of a server that has one. */
const expected: Readonly<Record<string, Readonly<Record<string, string | RegExp>>>> = {
  handshake: {
    'own-first': /^fails: sends 0 0 0\+, not 0 0 -1\+/,
    asleep: /^hangs: never: 0 0 -1\+ /,
  },
  'connect-and-close': { 'exit-on-hang-up': 'dies: exit 0' },
  'hang-up-anywhere': { 'exit-on-hang-up': 'dies: exit 0' },
  'connect-flood': { 'ten-at-most': /^fails: .* no end before the memory: QEMU spins$/ },
  garbage: { 'exit-on-data': 'dies: exit 0' },
  'shut-writing': { deaf: /^hangs: never: all know exactly who is there/ },
  'shut-reading': { 'exit-on-hang-up': 'dies: exit 0' },
  leaves: { 'leave-twice': /^fails: .* which was told to have left$/ },
  'leave-in-join': { 'leave-first': /^fails: .* no leave before its own vectors$/ },
  'does-not-read': { lossy: /^fails: loses \d+ joins and \d+ leaves$/ },
  'slow-readers': { impatient: /^fails: / },
  'out-of-descriptors': {
    'exit-on-emfile': 'dies: exit 0',
    'closing-on-emfile': /^fails: .* no end before the memory: QEMU spins$/,
  },
  'descriptors-64': { 'fd-setsize': 'dies: SIGABRT' },
  'descriptors-16': { 'fd-setsize': 'dies: SIGABRT' },
  'descriptors-1': { 'fd-setsize': 'dies: SIGABRT' },
  'short-connections': {
    reusing: 'fails: connects 1 again',
    'leave-twice': 'fails: disconnects 1 twice',
  },
  'started-twice': {
    truncating: /^fails: truncates the living memory to 1 bytes/,
    overwriting: 'fails: overwrites the living memory',
    unlinking: 'fails: removes the name of the living memory',
    probing: 'fails: joins the living server for a moment',
    mute: 'fails: does not serve with -F, and does not say why',
  },
  'crash-leftover': { leftover: /^fails: does not start: / },
  sigterm: {
    farewell: 'fails: tells of 3 leaves: doorbells die',
    'failing-end': 'fails: ends with exit 1',
    immortal: 'hangs: never: it ends on SIGTERM',
  },
  daemon: {
    'early-parent': 'fails: ends before the socket accepts connections',
    'failing-parent': /^fails: the start ends with exit 1/,
    'no-pid-file': 'fails: there is no pid file',
    'wrong-pid': /^fails: the pid file says \d+, which is not the daemon$/,
    untidy: 'fails: leaves its socket',
    immortal: 'hangs: never: the daemon ends on SIGTERM',
  },
  access: {
    'open-memory': /^fails: umask 022: the memory is open to group: .* memory 0666$/,
    'open-socket': /^fails: umask 077: group may connect: socket 0777/,
  },
  'size-2G': { 'int-size': 'fails: refused, and there is room: no such size' },
  'size-4G': { 'int-size': 'fails: the memory has 1 bytes' },
  'size-5G': { 'int-size': `fails: the memory has ${1024 ** 3} bytes` },
  'size-odd': { 'exact-size': /^fails: -l 12K: 12288 bytes, on which QEMU aborts$/ },
  'size-nonsense': { lenient: 'fails: serves with -l x', mute: /^fails: .* does not say why$/ },
  directory: { 'name-only': 'fails: the memory is elsewhere' },
  'vectors-64': { 'few-vectors': /^hangs: never: a newcomer has its own vectors/ },
  'vectors-beyond': { 'few-vectors': /^hangs: never: a newcomer has its own vectors/ },
  'vectors-nonsense': { lenient: 'fails: serves with -n 0' },
  help: { terse: /^fails: says nothing of -v, /, 'failing-help': 'fails: ends with exit 1' },
  verbose: { quiet: 'hangs: never: something is said', 'silent-exit': /^fails: .* ends with 0$/ },
};

t.test('every check has a server that does not pass it', async (t) => {
  t.same(checks.map(({ name }) => name).sort(), Object.keys(expected).sort());
});

t.test('each defect is found, and called by its name', async (t) => {
  const cases = Object.entries(expected).flatMap(([name, defects]) =>
    Object.entries(defects).map(([defect, said]) => ({ name, defect, said })),
  );
  await forEach(cases, async ({ name, defect, said }) => {
    const check = checks.find((check) => check.name === name)!;
    const waitMs = said.toString().includes('hangs') ? SHORT_WAIT_MS : WAIT_MS;
    const env = { ...process.env, CARELESS: defect };
    t.match(text(await judge(check, { argv, env, waitMs })), said, `${name}: ${defect}`);
  });
});

t.test('what the kit asks for is no picture of our server: this one has no defect', async (t) => {
  const wanted = checks.filter(({ isLong = false }) => !isLong);
  const env = { ...process.env, CARELESS: '' };
  await forEach(wanted, async (check) => {
    t.match(await judge(check, { argv, env, waitMs: WAIT_MS }), { verdict: 'works' }, check.name);
  });
});

t.test('nothing is left', async (t) => {
  t.same(leftovers(process.pid), []);
});

function text({ verdict, how }: Verdict): string {
  return how === undefined ? verdict : `${verdict}: ${how}`;
}

import t from 'tap';
import { widthOf } from '../../../src/cli/top/line.js';
import type { Scene, Size, View } from '../../../src/cli/top/scene.js';
import { screenOf } from '../../../src/cli/top/screen.js';
import type { RegionStatus } from '../../../src/control/status.js';
import { madeUpPeer, madeUpRegion, madeUpStatus } from '../../helper/made-up-status.js';
import { screenText } from '../../helper/screen-text.js';

const usual: View = { order: 'trouble', top: 0, isPaused: false, isHelp: false };
const large: Size = { columns: 80, rows: 24 };
const small: Size = { columns: 40, rows: 10 };
const atMs = Date.parse('2026-11-25T12:30:00.000Z');

const lab = madeUpRegion({
  peers: [
    madeUpPeer({ id: 0, vm: 'web' }),
    madeUpPeer({ id: 1, vm: 'db', isBlocked: true, isBehind: true, unread: 42, ageSeconds: 61 }),
    madeUpPeer({ id: 2, waiting: [0, 3] }),
    madeUpPeer({ id: 3, isHost: true, process: 'node', user: 'alice', ageSeconds: 5 }),
  ],
  vms: [
    { name: 'web', id: 0, isPresent: true },
    { name: 'db', id: 1, isPresent: true },
    { name: 'mail', id: 7, isPresent: false },
    { name: 'cache', isPresent: false },
  ],
});

function sceneOf(...regions: readonly RegionStatus[]): Scene {
  const events = Array.from({ length: 9 }, (_, number) => `event ${number}`);
  const rates = { joins: 1.5, leaves: 0 };
  return { look: { status: madeUpStatus({ regions }), atMs }, rates, events };
}

function crowd(count: number): RegionStatus {
  const peers = Array.from({ length: count }, (_, id) => madeUpPeer({ id }));
  return madeUpRegion({ peers });
}

t.test(
  'at 80 × 24 the server, the region, its peers, who is away and the last events are seen',
  async (t) => {
    const text = screenText(screenOf(sceneOf(lab), usual, large).lines);
    t.strictSame(text, [
      'ivshmem 0.1.0  pid 999  up 2 h  fds 120/20000  joins 1.5/s  leaves 0.0/s',
      'lab  peers 4  vectors 2  memfd 4M  IDs left 65,530',
      '  ID VM     PROCESS          PID USER     AGE UNREAD STATE   WAITING',
      '!  1 db     qemu-system-x86 4711 root   1 min     42 BLOCKED -',
      '*  2 -      qemu-system-x86 4711 root  10 min      0 RINGS   0 3',
      '   0 web    qemu-system-x86 4711 root  10 min      0 ok      -',
      '   3 (host) node            4711 alice    5 s      0 ok      -',
      ...Array<string>(11).fill(''),
      '2 away:  mail (ID 7)  cache',
      ...[5, 6, 7, 8].map((number) => `event ${number}`),
      'q quit  ? help  s sort: trouble  p pause',
    ]);
  },
);

t.test('at 40 × 10 what is stuck is still seen', async (t) => {
  const text = screenText(screenOf(sceneOf(lab), usual, small).lines);
  t.strictSame(text, [
    'ivshmem 0.1.0  pid 999  up 2 h',
    'lab  peers 4  vectors 2  memfd 4M',
    '  ID VM     STATE   WAITING',
    '!  1 db     BLOCKED -',
    '*  2 -      RINGS   0 3',
    '   0 web    ok      -',
    '   3 (host) ok      -',
    '',
    '2 away:  mail (ID 7)  cache',
    'q quit  ? help  s sort: trouble  p pause',
  ]);
});

t.test('no line is longer and no screen higher than the terminal, whatever its size', async (t) => {
  const failure = 'a long story '.repeat(20);
  const scenes = [sceneOf(lab, crowd(60)), { ...sceneOf(lab), failure }, sceneOf()];
  for (const scene of scenes) {
    for (const [columns, rows] of [
      [200, 50],
      [80, 24],
      [40, 10],
      [40, 1],
      [20, 5],
      [40, 3],
    ] as const) {
      for (const view of [usual, { ...usual, isHelp: true, isPaused: true }]) {
        const { lines } = screenOf(scene, view, { columns, rows });
        t.ok(lines.length <= rows, `${rows} rows`);
        const text = screenText(lines);
        // Below that, the window cuts.
        if (columns >= 40)
          t.strictSame(
            text.filter((line) => widthOf(line) > columns),
            [],
          );
      }
    }
  }
});

t.test('more peers than lines are scrolled, and the last line says where one is', async (t) => {
  const { lines, page } = screenOf(sceneOf(crowd(60)), { ...usual, top: 10 }, small);
  const text = screenText(lines);
  t.strictSame(page, { top: 10, rows: 6, count: 60 });
  t.match(text[3], /^ {2}10 /);
  t.match(text[8], /^ {2}15 /);
  t.match(text[9], /^11–16 of 60 {2}q quit/);
});

t.test('a list that became shorter is not scrolled beyond its end', async (t) => {
  const { page } = screenOf(sceneOf(crowd(8)), { ...usual, top: 50 }, small);
  t.strictSame(page, { top: 2, rows: 6, count: 8 });
});

t.test(
  'several regions are named, those with trouble first after the one that is looked at',
  async (t) => {
    const regions = [
      madeUpRegion({ name: 'a' }),
      madeUpRegion({ name: 'b' }),
      { ...lab, name: 'c' },
    ];
    const { lines } = screenOf(sceneOf(...regions), { ...usual, region: 'b' }, large);
    t.strictSame(screenText(lines).slice(1, 3), [
      'region 2 of 3  !1  [b]  !c  a',
      'b  peers 0  vectors 2  memfd 4M  IDs left 65,530',
    ]);
    t.equal(screenText(lines)[4], 'nobody is there');
  },
);

t.test('on the smallest screen it is still seen that another region is in trouble', async (t) => {
  const fine = Array.from({ length: 31 }, (_, n) => madeUpRegion({ name: `region-number-${n}` }));
  const rings = madeUpRegion({ name: 'rings', peers: [madeUpPeer({ waiting: [0, 3] })] });
  const regions = [...fine, rings, { ...lab, name: 'region-in-trouble' }];
  const view = { ...usual, region: 'region-number-7' };
  const { lines } = screenOf(sceneOf(...regions), view, small);
  t.equal(screenText(lines)[1], 'region 8 of 33  !1  [region-number-7]');
  const own = screenOf(sceneOf(...regions), { ...usual, region: 'region-in-trouble' }, small);
  t.equal(screenText(own.lines)[1], 'region 33 of 33  [region-in-trouble]');
});

t.test('a region that is gone is no longer looked at', async (t) => {
  const { lines } = screenOf(sceneOf(lab), { ...usual, region: 'gone' }, large);
  t.match(screenText(lines)[1], /^lab /);
  const none = screenOf(sceneOf(), usual, large);
  t.equal(screenText(none.lines)[1], 'no regions');
});

t.test('descriptors and IDs that are nearly used up stand out, and stand first', async (t) => {
  const scarce = madeUpRegion({ idsLeft: 6_553, label: 'x\u001b[2Jy' });
  const status = madeUpStatus({ descriptors: { used: 900, limit: 1_000 }, regions: [scarce] });
  const { lines } = screenOf({ look: { status, atMs }, events: [] }, usual, small);
  t.strictSame(screenText(lines).slice(0, 2), [
    '! fds 900/1000  ivshmem 0.1.0  pid 999',
    'lab  ! IDs left 6,553  peers 0',
  ]);
  t.equal(lines[0]?.[0]?.style, 'bad');
  const { lines: wide } = screenOf({ look: { status, atMs }, events: [] }, usual, large);
  t.match(screenText(wide)[1], / label "x\\u\{1b\}\[2Jy"$/);
});

t.test('a failure is said below the server, and what was last known stays', async (t) => {
  const failure = 'the server is gone';
  const { lines } = screenOf({ ...sceneOf(lab), failure }, usual, large);
  t.strictSame(
    lines[1]?.map(({ style }) => style),
    ['bad'],
  );
  t.equal(screenText(lines)[1], '! the server is gone');
  t.match(screenText(lines)[4], /^! {2}1 db /);
});

t.test('that the events cannot be followed is said where they are', async (t) => {
  const scene = { ...sceneOf(lab), eventsFailure: 'too many follow' };
  const { lines } = screenOf(scene, usual, large);
  t.strictSame(screenText(lines).slice(-3, -1), ['event 8', '! no events: too many follow']);
  t.notMatch(screenText(screenOf(scene, usual, small).lines).join('\n'), 'event');
});

t.test('a pause and the help are said', async (t) => {
  const paused = screenOf(sceneOf(lab), { ...usual, isPaused: true }, small);
  t.match(screenText(paused.lines).at(-1), /^PAUSED {2}q quit/);
  const help = screenText(screenOf(sceneOf(lab), { ...usual, isHelp: true }, small).lines);
  t.equal(help.length, 10);
  t.match(help[0], /scroll/);
});

import t from 'tap';
import { isEnd, pressed } from '../../../src/cli/top/key.js';
import type { Page, Scene, View } from '../../../src/cli/top/scene.js';
import { madeUpRegion, madeUpStatus } from '../../helper/made-up-status.js';

const start: View = { order: 'trouble', top: 20, isPaused: false, isHelp: false };
const page: Page = { top: 20, rows: 10, count: 60 };

function sceneOf(...names: readonly string[]): Scene {
  const regions = names.map((name) => madeUpRegion({ name }));
  return { look: { status: madeUpStatus({ regions }), atMs: 0 }, events: [] };
}

const scene = sceneOf('a', 'b', 'c');

t.test(
  'arrows and letters scroll by a line, pages by a page, Home and End to the ends',
  async (t) => {
    const tops = Object.entries({
      UP: 19,
      k: 19,
      DOWN: 21,
      j: 21,
      PAGE_UP: 10,
      PAGE_DOWN: 30,
      HOME: 0,
      END: 50,
    });
    for (const [key, top] of tops) t.equal(pressed(key, start, page, scene).top, top, key);
  },
);

t.test('nothing scrolls beyond the list', async (t) => {
  const short: Page = { top: 0, rows: 10, count: 3 };
  for (const key of ['UP', 'DOWN', 'PAGE_DOWN', 'END']) {
    t.equal(pressed(key, { ...start, top: 0 }, short, scene).top, 0, key);
  }
  t.equal(pressed('DOWN', start, { ...page, top: 50 }, scene).top, 50);
});

t.test('Tab and arrows go round the regions, and begin at the top', async (t) => {
  const after = (key: string, region?: string) => pressed(key, { ...start, region }, page, scene);
  t.match(after('TAB'), { region: 'b', top: 0 });
  t.match(after('RIGHT', 'c'), { region: 'a', top: 0 });
  t.match(after('SHIFT_TAB'), { region: 'c' });
  t.match(after('LEFT', 'c'), { region: 'b' });
  t.match(after('TAB', 'gone'), { region: 'b' });
  t.equal(pressed('TAB', start, page, sceneOf()), start);
});

t.test(
  'p and space pause and go on, s sorts by the next, ? helps until the next key',
  async (t) => {
    for (const key of ['p', ' ']) {
      const paused = pressed(key, start, page, scene);
      t.equal(paused.isPaused, true);
      t.equal(pressed(key, paused, page, scene).isPaused, false);
    }
    let view = start;
    const orders = Array.from({ length: 4 }, () => (view = pressed('s', view, page, scene)).order);
    t.strictSame(orders, ['id', 'name', 'waiting', 'trouble']);
    const helped = pressed('?', start, page, scene);
    t.equal(helped.isHelp, true);
    t.strictSame(pressed('s', helped, page, scene), start);
  },
);

t.test('q and Ctrl-C end it; any other key does nothing', async (t) => {
  t.strictSame(['q', 'CTRL_C', 'x', 'Q'].map(isEnd), [true, true, false, false]);
  for (const key of ['x', 'toString', 'F1']) t.equal(pressed(key, start, page, scene), start);
});

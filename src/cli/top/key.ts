// What a key does.
//
// Rule 1: whatever is pressed, the list stays on the screen: its top is kept in range here.
import { orders } from './peer-order.js';
import { regionIn, type Page, type Scene, type View } from './scene.js';

type Press = (view: View, page: Page, scene: Scene) => View;

const presses: Readonly<Record<string, Press>> = {
  UP: (view, page) => scrolled(view, page, -1),
  k: (view, page) => scrolled(view, page, -1),
  DOWN: (view, page) => scrolled(view, page, 1),
  j: (view, page) => scrolled(view, page, 1),
  PAGE_UP: (view, page) => scrolled(view, page, -page.rows),
  PAGE_DOWN: (view, page) => scrolled(view, page, page.rows),
  HOME: (view, page) => scrolled(view, page, -page.count),
  END: (view, page) => scrolled(view, page, page.count),
  TAB: (view, _, scene) => atRegion(view, scene, 1),
  RIGHT: (view, _, scene) => atRegion(view, scene, 1),
  SHIFT_TAB: (view, _, scene) => atRegion(view, scene, -1),
  LEFT: (view, _, scene) => atRegion(view, scene, -1),
  p: (view) => ({ ...view, isPaused: !view.isPaused }),
  ' ': (view) => ({ ...view, isPaused: !view.isPaused }),
  s: (view) => ({ ...view, order: next(orders, view.order, 1), top: 0 }),
  '?': (view) => ({ ...view, isHelp: true }),
};

/** Whether a key ends the command. */
export function isEnd(key: string): boolean {
  return key === 'q' || key === 'CTRL_C';
}

/** What is seen after a key; a key that means nothing changes nothing. Any key leaves the help. */
export function pressed(key: string, view: View, page: Page, scene: Scene): View {
  if (view.isHelp) return { ...view, isHelp: false };
  const press = Object.hasOwn(presses, key) ? presses[key] : undefined;
  return press?.(view, page, scene) ?? view;
}

function scrolled(view: View, { top, rows, count }: Page, by: number): View {
  return { ...view, top: Math.max(0, Math.min(top + by, count - rows)) };
}

function atRegion(view: View, scene: Scene, step: 1 | -1): View {
  const names = scene.look.status.regions.map(({ name }) => name);
  const current = regionIn(scene, view)?.name;
  if (current === undefined) return view;
  return { ...view, region: next(names, current, step), top: 0 };
}

function next<Item>(items: readonly Item[], item: Item, step: 1 | -1): Item {
  return items.at((items.indexOf(item) + step) % items.length) ?? item;
}

// What docs/top.md shows is what the screen is for such a server.
import { readFileSync } from 'node:fs';
import t from 'tap';
import { screenOf } from '../../src/cli/top/screen.js';
import { madeUpPeer, madeUpRegion, madeUpStatus } from '../helper/made-up-status.js';
import { screenText } from '../helper/screen-text.js';

const page = readFileSync(new URL('../../../docs/top.md', import.meta.url), 'utf8');

const lab = madeUpRegion({
  peers: [
    madeUpPeer({ id: 0, vm: 'web' }),
    madeUpPeer({ id: 1, vm: 'db', pid: 4712, isBlocked: true, unread: 42, ageSeconds: 61 }),
    madeUpPeer({ id: 2, pid: 4713, waiting: [0, 3] }),
    madeUpPeer({
      id: 3,
      pid: 4714,
      isHost: true,
      process: 'node',
      user: 'alice',
      ageSeconds: 5,
    }),
  ],
  vms: [
    { name: 'web', id: 0, isPresent: true },
    { name: 'db', id: 1, isPresent: true },
    { name: 'mail', id: 7, isPresent: false },
    { name: 'cache', isPresent: false },
  ],
});
const web = madeUpRegion({ name: 'web', peers: [madeUpPeer({ unread: 1 })] });

t.test("the page's picture is the screen of such a server", async (t) => {
  const [, picture = ''] = /^```text\n(ivshmem \d.*?)\n```$/ms.exec(page) ?? [];
  const shown = picture.split('\n');
  const status = madeUpStatus({ regions: [lab, web] });
  const atMs = Date.parse(status.startedAt) + 2 * 3_600_000;
  const events = shown.filter((line) => /^\d\d:\d\d:\d\d /.test(line));
  const scene = { look: { status, atMs }, rates: { joins: 1.5, leaves: 0 }, events };
  const view = { order: 'trouble', top: 0, isPaused: false, isHelp: false } as const;
  const { lines } = screenOf(scene, view, { columns: 80, rows: 20 });
  // The page leaves out some of the empty lines.
  const isLine = (line: string): boolean => line !== '';
  t.strictSame(shown.filter(isLine), screenText(lines).filter(isLine));
});

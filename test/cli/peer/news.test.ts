import t from 'tap';
import { News, type Happening, type NewsReader } from '../../../src/cli/peer/news.js';

/** Takes a line each time it is let. */
class SlowReader implements NewsReader {
  readonly lines: string[] = [];
  #next: (() => void) | undefined;

  happened(happening: Happening): Promise<void> {
    const { event } = happening;
    return this.#line(`${event} ${event === 'interrupt' ? happening.vector : happening.peer}`);
  }

  missed(count: number): Promise<void> {
    return this.#line(`missed ${count}`);
  }

  /** Takes what was offered, and resolves when the next is. */
  async take(): Promise<void> {
    this.#next?.();
    await new Promise((resolve) => setImmediate(resolve));
  }

  async #line(line: string): Promise<void> {
    this.lines.push(line);
    await new Promise<void>((resolve) => (this.#next = resolve));
  }
}

const join = (peer: number): Happening => ({ event: 'join', peer, vectors: 1 });
const leave = (peer: number): Happening => ({ event: 'leave', peer });
const interrupt: Happening = { event: 'interrupt', vector: 0, count: 1 };

t.test('what a slow reader has room for is told in order', async (t) => {
  const reader = new SlowReader();
  const news = new News(reader, 3);
  void news.tell(join(1));
  void news.tell(interrupt);
  const last = news.tell(leave(1));
  for (let line = 0; line < 4; line += 1) await reader.take();
  await last;
  t.same(reader.lines, ['join 1', 'interrupt 0', 'leave 1']);
});

t.test(
  'joins and leaves pile up to a bound, and what is missed is told in its place',
  async (t) => {
    const reader = new SlowReader();
    const news = new News(reader, 2);
    for (let id = 1; id <= 10_000; id += 1) void news.tell(join(id));
    const rung = news.tell(interrupt);
    for (let line = 0; line < 3; line += 1) await reader.take();
    t.same(reader.lines, ['join 1', 'join 2', 'missed 9998']);
    for (let id = 1; id <= 2; id += 1) void news.tell(leave(id));
    for (let line = 0; line < 4; line += 1) await reader.take();
    await rung;
    t.same(reader.lines.slice(3), ['interrupt 0', 'leave 1', 'leave 2']);
  },
);

t.test('what comes behind what is missed is told, or missed again', async (t) => {
  const reader = new SlowReader();
  const news = new News(reader, 1);
  for (let id = 1; id <= 3; id += 1) void news.tell(join(id));
  await reader.take();
  await reader.take();
  t.same(reader.lines, ['join 1', 'missed 2']);
  for (let id = 1; id <= 3; id += 1) void news.tell(leave(id));
  for (let line = 0; line < 4; line += 1) await reader.take();
  t.same(reader.lines.slice(2), ['leave 1', 'missed 2']);
});

t.test('lines that cannot be told reject, those behind them too', async (t) => {
  const lost = Promise.reject(new Error('lost'));
  const news = new News({ happened: () => lost, missed: () => lost }, 1);
  await t.rejects(news.tell(join(1)), { message: 'lost' });
  await t.rejects(news.tell(join(2)), { message: 'lost' });
});

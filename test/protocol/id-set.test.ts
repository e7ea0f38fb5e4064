import t from 'tap';
import { IdSet } from '../../src/protocol/id-set.js';
import { Random } from '../helper/random.js';

t.test('a new set is empty', (t) => {
  const set = new IdSet();
  t.equal(set.size, 0);
  t.strictSame([...set], []);
  for (const id of [0, 31, 32, 65_535]) t.notOk(set.has(id));
  t.end();
});

t.test('it holds every ID, the first and the last of a word and of all', (t) => {
  const set = new IdSet();
  for (const id of [65_535, 0, 32, 31, 64, 63, 65_504]) set.add(id);
  t.strictSame([...set], [0, 31, 32, 63, 64, 65_504, 65_535], 'in ascending order');
  t.equal(set.size, 7);
  t.notOk(set.has(1));
  t.end();
});

t.test('to add or delete twice is to do it once', (t) => {
  const set = new IdSet();
  set.add(5);
  set.add(5);
  t.equal(set.size, 1);
  set.delete(5);
  set.delete(5);
  set.delete(40_000);
  t.equal(set.size, 0);
  t.notOk(set.has(5));
  t.end();
});

t.test('it reaches down and up from where it began', (t) => {
  const set = new IdSet();
  const ids = [40_000, 39_990, 41_000, 100, 65_535, 0];
  for (const [index, id] of ids.entries()) {
    set.add(id);
    t.strictSame(
      [...set],
      ids.slice(0, index + 1).sort((a, b) => a - b),
    );
  }
  t.notOk(set.has(99));
  t.end();
});

t.test('all 65,536 IDs fit', (t) => {
  const set = new IdSet();
  for (let id = 0; id < 65_536; id += 1) set.add(id);
  t.equal(set.size, 65_536);
  let next = 0;
  for (const id of set) if (id === next) next += 1;
  t.equal(next, 65_536);
  t.end();
});

t.test('members may be deleted while it is iterated', (t) => {
  const set = new IdSet();
  for (let id = 0; id < 100; id += 1) set.add(id * 3);
  for (const id of set) set.delete(id);
  t.equal(set.size, 0);
  t.end();
});

t.test('it does what a Set does', (t) => {
  const random = new Random();
  t.comment(String(random));
  const set = new IdSet();
  const plain = new Set<number>();
  for (let step = 0; step < 20_000; step += 1) {
    const id = random.below(random.oneIn(100) ? 65_536 : 500);
    if (random.oneIn(2)) {
      set.add(id);
      plain.add(id);
    } else {
      set.delete(id);
      plain.delete(id);
    }
    if (set.has(id) !== plain.has(id) || set.size !== plain.size) t.fail(`step ${step}, ID ${id}`);
  }
  t.strictSame(
    [...set],
    [...plain].sort((a, b) => a - b),
  );
  t.end();
});

import t from 'tap';
import { timeText } from '../../../src/cli/time-text.js';
import { EventTail, eventText } from '../../../src/cli/top/event-tail.js';

const eventAt = (second: number, msg: string) => ({
  event: 'join',
  time: `2026-11-25T12:00:0${second}.000Z`,
  msg,
});

t.test('an event is one line with the time of day here', async (t) => {
  const { time, msg } = eventAt(5, 'lab: peer 0 joined');
  t.equal(eventText(eventAt(5, msg)), `${timeText(new Date(time))} lab: peer 0 joined`);
  t.equal(eventText({ event: 'lost', lost: 3, msg: '3 events were lost' }), '3 events were lost');
});

t.test('the last lines are kept', async (t) => {
  const tail = new EventTail();
  for (let number = 0; number < 60; number += 1) tail.add({ event: 'join', msg: `${number}` });
  t.equal(tail.lines.length, 50);
  t.equal(tail.lines.at(-1), '59');
});

t.test('who follows again is not told twice', async (t) => {
  const tail = new EventTail();
  tail.begin();
  // Two of the same time are two.
  t.strictSame(
    [1, 1, 2].map((second) => tail.add(eventAt(second, 'a'))),
    [true, true, true],
  );
  tail.begin();
  t.strictSame(
    [1, 1, 2, 3].map((second) => tail.add(eventAt(second, 'a'))),
    [false, false, false, true],
  );
  t.equal(tail.lines.length, 4);
});

import t from 'tap';
import { refusal } from '../../src/server/refusal.js';

t.test(
  'a refusal carries the negative errno of its reason, or the one that is given',
  async (t) => {
    t.same(refusal('peers', 'full', 'wait'), {
      reason: 'peers',
      version: -87,
      message: 'full',
      remedy: 'wait',
    });
    t.equal(refusal('kernel', 'no', 'none', 23).version, -23);
  },
);

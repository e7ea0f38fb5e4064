// Of other users' QEMUs and of containers, test/cli/doctor.test.ts knows.
import t from 'tap';
import { hidden } from '../../../../src/control/doctor/checks/hidden.js';
import { found } from '../../../helper/doctor.js';
import { Region } from '../../../helper/region.js';
import { temp } from '../../../helper/temp.js';

t.test(
  'a server that does not say what it serves is noted, and one that does is not',
  async (t) => {
    const silent = await Region.listen(t, {});
    const telling = await Region.listenWithHost(t, {});
    t.match(await found(hidden, { sockets: [silent.socket, telling.socket, `${temp(t)}/none`] }), [
      { severity: 'note', subject: silent.socket, message: /does not say/, remedy: /--control/ },
    ]);
  },
);

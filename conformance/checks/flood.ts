// Many at once.
import type { MessageReader } from '../../test/helper/message-reader.js';
import type { Check } from '../check.js';
import { Company } from '../company.js';
import { connect } from '../connection.js';

const CONNECTS = 500;

export const connectFlood: Check = {
  name: 'connect-flood',
  what: `${CONNECTS} connects at once, half of them closed at once`,
  async run(subject) {
    await subject.start();
    const company = new Company(subject, { rings: false, looksAtOneIn: 16 });
    for (let pair = 0; pair < CONNECTS / 2; pair += 1) {
      const fleeting: MessageReader = await connect(subject);
      company.enter(await company.connect());
      fleeting.close();
    }
    await company.settle();
    await company.join();
    await company.settle();
  },
};
